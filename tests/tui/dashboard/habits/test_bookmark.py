"""Where a port was left is where it is opened again; what can't be kept costs nothing."""

import os
from pathlib import Path

import pytest
from fakes import NAMES, settle

from tui.dashboard.app import Dashboard
from tui.dashboard.arrangement import ColumnKey, Only
from tui.dashboard.habits import bookmark
from tui.dashboard.habits.bookmark import Bookmark, path_of, read_bookmark, save_bookmark
from tui.dashboard.habits.habits import Habits
from tui.settings import PORT, Settings

A_PORT = Settings({"model": "imaginary"}, paused=True)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return path_of(A_PORT)


def reopened(path: Path, fresh: bool = False) -> Dashboard:
    return Dashboard(A_PORT, Habits(bookmark_path=path, fresh=fresh))


async def leave(app: Dashboard, press, path: Path) -> None:
    """With a breakpoint, a column, a filter and a layer of the person's own."""
    app.habits.bookmark_path = path
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "c", *"kkkkk", "b", "O")
        app.state.columns.insert(0, ColumnKey.MAX_ABS)
        await press(pilot, "q")


async def test_the_next_start_of_the_same_port_is_where_the_last_was_left(app, press, path):
    await leave(app, press, path)
    made = reopened(path)
    async with made.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert NAMES[made.view.cursor] == NAMES[len(NAMES) - 6]
        assert made.state.breakpoints == {NAMES[len(NAMES) - 6]}
        assert made.state.columns[0] is ColumnKey.MAX_ABS
        assert made.state.arrangement.order == app.state.arrangement.order != ""


async def test_fresh_begins_without_it(app, press, path):
    await leave(app, press, path)
    made = reopened(path, fresh=True)
    async with made.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert made.state.breakpoints == set()
        assert made.view.cursor == 0


async def test_a_layer_that_is_gone_is_no_reason_not_to_start(app, press, path):
    save_bookmark(path, Bookmark("x.py", "blocks.9", ["blocks.9"], only=Only.GUILTY))
    made = reopened(path)
    async with made.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "c")
        assert made.state.results.is_complete


def test_each_port_has_its_own(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    ports = [Settings({"port": name}, factory=PORT) for name in ("a.py", "b.py")]
    graph = Settings({"graph": str(tmp_path / "a.py")})
    one, other, again = (path_of(each) for each in (*ports, graph))
    assert one == again != other


DEEP = b'{"a": ' + b"[" * 100_000


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"port": 3}', b'{"port": "\xff"}', b"null", DEEP]
)
def test_a_damaged_one_is_as_if_it_were_not_there(path, content: bytes):
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    assert read_bookmark(path) is None


def test_only_the_last_ports_are_remembered(path, monkeypatch):
    monkeypatch.setattr(bookmark, "PORTS", 3)
    for number in range(5):
        each = path.with_name(f"{number}.json")
        save_bookmark(each, Bookmark(f"{number}.py"))
        os.utime(each, (number, number))
    save_bookmark(path, Bookmark("now.py"))
    left = {each.name for each in path.parent.iterdir()}
    assert left == {"3.json", "4.json", path.name}


async def test_what_can_not_be_written_is_said_in_a_line_and_is_no_error(
    app, press, path, tmp_path
):
    (tmp_path / "state").write_text("a file where a folder should be")
    await leave(app, press, path)
    assert app.return_code == 0
    assert "where you were is not remembered: can't write" in app.not_remembered
    assert "\n" not in app.not_remembered
