"""H shows a row a save, what lies between any two, and brings an earlier source back."""

from pathlib import Path

import pytest
from fakes import FakeEngine, say, settle
from shown import shown

from debug.protocol.diagnostic import Diagnostic
from debug.protocol.messages import Failed, SourceRead
from tui.dashboard.history.screen import HistoryScreen

SIZES = [(80, 24), (120, 36), (160, 50)]
SOURCES = [b"scale = 1\n", b"scale = 1\nbias = [bold]\n", b"scale = 2\nbias = [bold]\n"]


async def saved(pilot, press, *, and_broken: bool = False) -> None:
    """Three saves: right, wrong, and right again; and one that does not load."""
    await settle(pilot)
    engine = FakeEngine.instances[0]
    for number, ratio in enumerate((1.5, 300.0, 2.0)):
        engine.say(SourceRead({engine.source: SOURCES[number]}))
        engine.ratios = engine.isolated = {5: ratio}
        engine.load()
        engine.compute(11)
        await settle(pilot)
    if and_broken:
        engine.say(SourceRead({engine.source: b"scale = (\n"}))
        engine.say(Failed(Diagnostic("graph", "never closed", engine.source, 1), False))
    await settle(pilot)


async def opened(pilot, press, *keys: str) -> HistoryScreen:
    await press(pilot, "H", *keys)
    screen = pilot.app.screen
    assert isinstance(screen, HistoryScreen)
    return screen


@pytest.mark.parametrize("size", SIZES)
async def test_every_save_has_a_row_with_what_came_of_it(app, press, size):
    async with app.run_test(size=size) as pilot:
        await saved(pilot, press, and_broken=True)
        await opened(pilot, press)
        rows = [line for line in shown(app).splitlines() if "model.py +" in line]
        assert ["never" in row for row in rows[:1]] == [True]
        assert ["300.0" in row for row in rows[:3]] == [False, False, True]
        assert "as it was opened" in shown(app)


async def test_the_selected_save_is_shown_beside_the_one_before_it(app, press):
    async with app.run_test(size=(160, 50)) as pilot:
        await saved(pilot, press)
        screen = await opened(pilot, press)
        assert "-scale = 1" in screen.difference.as_text()
        assert "✗ 300.0" in screen.became.as_text()
        await press(pilot, "down")
        assert "+bias = [bold]" in screen.difference.as_text()
        assert "save 2 beside save 1" in shown(app)


async def test_any_two_are_compared_once_one_is_marked(app, press):
    async with app.run_test(size=(160, 50)) as pilot:
        await saved(pilot, press)
        screen = await opened(pilot, press, "down", "down", "space", "up", "up")
        assert "save 3 beside save 1" in shown(app)
        text = screen.difference.as_text()
        assert "+scale = 2" in text
        assert "+bias = [bold]" in text
        await press(pilot, "down", "down", "space", "up", "up")
        assert "save 3 beside save 2" in shown(app)


async def test_a_source_is_shown_whole_and_written_to_a_new_file_to_the_byte(
    app, press, tmp_path: Path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await saved(pilot, press)
        own = Path(FakeEngine.instances[0].source)
        before = own.read_bytes()
        screen = await opened(pilot, press, "down", "s")
        assert "bias = [bold]" in screen.difference.as_text()
        await press(pilot, "w", "w")
        assert (tmp_path / "model-save-2.py").read_bytes() == SOURCES[1]
        assert (tmp_path / "model-save-2-2.py").read_bytes() == SOURCES[1]
        assert own.read_bytes() == before


async def test_a_key_that_follows_an_arrow_at_once_is_about_the_save_there(
    app, press, tmp_path: Path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await saved(pilot, press)
        await opened(pilot, press)
        await pilot.press("down", "down", "w")
        await settle(pilot)
        assert (tmp_path / "model-save-1.py").read_bytes() == SOURCES[0]


async def test_several_files_are_written_as_a_folder(
    app, press, tmp_path: Path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        files = {"/port/a.py": b"1\r\n", "/port/parts/b.py": b"\xff"}
        await say(pilot, SourceRead(files))
        await opened(pilot, press, "w")
        assert (tmp_path / "save-1" / "a.py").read_bytes() == b"1\r\n"
        assert (tmp_path / "save-1" / "parts" / "b.py").read_bytes() == b"\xff"


async def test_where_nothing_can_be_written_a_line_says_so(
    app, press, tmp_path: Path, monkeypatch
):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    async with app.run_test(size=(120, 36)) as pilot:
        await saved(pilot, press)
        gone.rmdir()
        await opened(pilot, press, "w")
        assert "is gone" in [*app._notifications][-1].message


async def test_a_save_that_comes_while_it_is_open_gets_a_row_and_what_is_selected_stays(
    app, press
):
    async with app.run_test(size=(120, 36)) as pilot:
        await saved(pilot, press)
        screen = await opened(pilot, press, "down")
        engine = FakeEngine.instances[0]
        engine.say(SourceRead({engine.source: b"scale = 4\n"}))
        engine.load()
        await settle(pilot)
        assert "4 saves" in shown(app)
        assert screen.selected is not None
        assert screen.selected.number == 2
        assert "it is being run" in shown(app)


async def test_before_a_source_was_read_it_says_so(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        screen = await opened(pilot, press, "w", "s", "space", "Y")
        assert "no source has been read yet" in shown(app)
        await press(pilot, "escape")
        assert app.screen is not screen


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_history(app, snap_compare, press, monkeypatch, size):
    from datetime import datetime

    from tui.dashboard import saves

    class Fixed(datetime):
        @classmethod
        def now(cls, tz=None):
            return cls(2026, 11, 27, 14, 5, 9)

    monkeypatch.setattr(saves, "datetime", Fixed)

    async def history(pilot) -> None:
        await saved(pilot, press, and_broken=True)
        await press(pilot, "H", "down")
        await settle(pilot)

    assert snap_compare(app, terminal_size=size, run_before=history)
