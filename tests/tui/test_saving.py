import json
from pathlib import Path

import pytest

from debug.diagnostic import Problem
from tui import saving
from tui.saving import save_json, save_text


def test_a_file_holds_what_was_saved(tmp_path: Path):
    save_json(tmp_path / "a.json", {"figure": 1})
    assert json.loads((tmp_path / "a.json").read_text()) == {"figure": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]


def test_trying_leaves_an_old_file_as_it_was(tmp_path: Path):
    file = tmp_path / "a.json"
    file.write_text("old")
    save_json(file, None)
    assert file.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_an_interrupted_save_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    file = tmp_path / "a.txt"
    file.write_text("old")
    monkeypatch.setattr(saving.os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        save_text(file, "new")
    assert file.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("name", ["missing/a.json", "."])
def test_a_place_that_takes_no_file_is_a_problem(tmp_path: Path, name: str):
    with pytest.raises(Problem, match="give"):
        save_json(tmp_path / name, {})
