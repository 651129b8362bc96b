import json
from pathlib import Path

import pytest

from debug.protocol.diagnostic import Problem
from tui import saving
from tui.saving import new_folder, save_json, save_text


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


def test_a_folder_appears_with_all_that_is_in_it(tmp_path: Path):
    with new_folder(tmp_path / "new") as folder:
        (folder / "a.txt").write_text("a")
        assert not (tmp_path / "new").exists()
    assert [file.name for file in tmp_path.iterdir()] == ["new"]
    assert (tmp_path / "new" / "a.txt").read_text() == "a"


@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_an_interrupted_folder_leaves_nothing(tmp_path: Path, error):
    def fill() -> None:
        with new_folder(tmp_path / "new") as folder:
            (folder / "a.txt").write_text("a")
            raise error

    with pytest.raises(error):
        fill()
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_is_never_overwritten(tmp_path: Path):
    with pytest.raises(Problem, match="is there already"), new_folder(tmp_path / "new"):
        (tmp_path / "new").mkdir()
    assert [file.name for file in tmp_path.iterdir()] == ["new"]


def test_a_link_stays_a_link_and_its_file_is_replaced(tmp_path: Path):
    (tmp_path / "there").mkdir()
    file, link = tmp_path / "there" / "a.txt", tmp_path / "link.txt"
    file.write_text("old")
    link.symlink_to(file)
    save_text(link, "new")
    assert link.is_symlink()
    assert file.read_text() == "new"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a full device")
def test_a_device_is_written_to_and_never_replaced():
    with pytest.raises(Problem, match=r"can't write /dev/full \(No space left on device"):
        save_text(Path("/dev/full"), "new")
    assert Path("/dev/full").is_char_device()
