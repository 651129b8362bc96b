"""A save is noticed at once, whatever the engine is doing."""

import os
from datetime import datetime
from pathlib import Path

import pytest
from fakes import settle

from debug.results.run import Run
from tui.dashboard import unread as module
from tui.dashboard.panes.status import StatusBar
from tui.dashboard.saves import History
from tui.dashboard.unread import Unread


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "port.py"
    file.write_bytes(b"as read")
    return file


def read(file: Path, history: History) -> None:
    history.read({str(file): file.read_bytes()}, datetime.now(), Run())


@pytest.fixture
def history(file: Path) -> History:
    history = History()
    read(file, history)
    return history


def test_a_save_is_unread_until_the_engine_has_read_it(file: Path, history: History):
    unread = Unread()
    assert unread.look(history) == ""
    file.write_bytes(b"saved")
    assert unread.look(history) == "port.py"
    assert unread.look(history) == "port.py"
    read(file, history)
    assert unread.look(history) == ""


def test_a_save_of_the_same_and_one_that_is_undone_are_none(file: Path, history: History):
    unread = Unread()
    file.write_bytes(b"saved")
    assert unread.look(history) == "port.py"
    file.write_bytes(b"as read")
    os.utime(file, (1, 1))
    assert unread.look(history) == ""


@pytest.mark.parametrize("becomes", ["nothing", "a folder", "a pipe", "large"])
def test_what_can_not_be_read_at_once_is_left_to_the_engine(
    file: Path, history: History, becomes: str, monkeypatch: pytest.MonkeyPatch
):
    file.unlink()
    if becomes == "a folder":
        file.mkdir()
    elif becomes == "a pipe":
        os.mkfifo(file)
    elif becomes == "large":
        monkeypatch.setattr(module, "LARGEST", 10)
        file.write_bytes(b"x" * 100)
    assert Unread().look(history) == ""


def test_nothing_is_unread_before_anything_was_read():
    assert Unread().look(History()) == ""


async def test_the_status_says_so_at_once(app, file: Path, history: History):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        app.state.history = history
        file.write_bytes(b"saved")
        app.link.watch_clock()
        await settle(pilot)
        status = str(app.query_one(StatusBar).render())
        assert "port.py is saved, not read yet" in status
        read(file, history)
        app.link.watch_clock()
        await settle(pilot)
        assert "not read yet" not in str(app.query_one(StatusBar).render())
