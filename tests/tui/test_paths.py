"""Paths as a person writes them, and as they may be told to somebody else."""

import os
from pathlib import Path

import pytest

from debug.protocol.diagnostic import Problem
from tui.paths import config_folder, relative, state_folder, told, without_folders


def test_paths_are_written_as_a_person_in_this_folder_would(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert relative(str(tmp_path / "core" / "encoder.py")) == str(Path("core/encoder.py"))
    assert relative("/elsewhere/encoder.py") == "/elsewhere/encoder.py"


def test_what_lies_elsewhere_is_told_to_others_by_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert told(str(tmp_path / "core" / "encoder.py")) == str(Path("core/encoder.py"))
    assert told("/elsewhere/encoder.py") == "encoder.py"
    installed = tmp_path / ".venv" / "site-packages" / "whisper" / "model.py"
    assert told(str(installed)) == "whisper/model.py"


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("can't read /home/ann/a-b/port.py: no", "can't read port.py: no"),
        ("(~/my.ports/x.py)", "(x.py)"),
        (
            "see https://docs.modular.com/max/ and a/b",
            "see https://docs.modular.com/max/ and a/b",
        ),
        ("R = error / floor, 1/2", "R = error / floor, 1/2"),
        ("/home/A B/my ports/port.py:3 is", "port.py:3 is"),
    ],
)
def test_a_message_is_told_without_this_machines_folders(text: str, rest: str):
    assert without_folders(text, ["/home/A B/my ports/port.py"]) == rest


@pytest.mark.parametrize("folder", [config_folder, state_folder])
def test_a_user_without_a_home_is_told_in_one_line(monkeypatch, folder):
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path)  # as of an unknown user
    with pytest.raises(Problem, match="no home folder: set HOME"):
        folder()
