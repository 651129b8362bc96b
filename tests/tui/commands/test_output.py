"""What the commands' outputs have in common."""

import json
from pathlib import Path

import pytest

from tui.commands.output import PIPE_WIDTH, print_json, relative, table_console


def test_json_is_strict(capsys):
    print_json({"ratio": 1.5})
    assert json.loads(capsys.readouterr().out) == {"ratio": 1.5}
    with pytest.raises(ValueError, match="not JSON compliant"):
        print_json(float("nan"))


def test_a_pipe_is_as_wide_as_a_table_needs():
    assert table_console().width == PIPE_WIDTH


def test_paths_are_written_as_a_person_in_this_folder_would(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert relative(str(tmp_path / "core" / "encoder.py")) == str(Path("core/encoder.py"))
    assert relative("/elsewhere/encoder.py") == "/elsewhere/encoder.py"
