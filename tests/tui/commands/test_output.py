"""What the commands' outputs have in common."""

import json

import pytest

from tui.commands.output import BOUNDLESS, print_json, room, table_console


def test_json_is_strict(capsys):
    print_json({"ratio": 1.5})
    assert json.loads(capsys.readouterr().out) == {"ratio": 1.5}
    with pytest.raises(ValueError, match="not JSON compliant"):
        print_json(float("nan"))


def test_a_pipe_is_as_wide_as_a_table_needs(monkeypatch):
    monkeypatch.delenv("COLUMNS", raising=False)
    assert room() is None
    assert table_console().width == BOUNDLESS


def test_columns_says_how_wide_it_is_even_in_a_pipe(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    assert room() == table_console().width == 60
    monkeypatch.setenv("COLUMNS", "nonsense")
    assert room() is None
