"""What y and P hand over: the root causes of now, or of the save that had them last."""

from pathlib import Path

import pytest
from fakes import ATTENTION, FakeEngine, mistake, settle
from msgspec.structs import replace
from shown import shown

from debug.protocol.diagnostic import Diagnostic
from debug.protocol.messages import Explained, Failed, SourceRead
from tui.dashboard.panes.keys_line import KeysLine

WRONG, RIGHT = b"scale = 1\n", b"scale = 2\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / "here"
    made.mkdir()
    monkeypatch.chdir(made)
    return made


async def wrong(pilot, *, more: tuple[Explained, ...] = ()) -> FakeEngine:
    """A save whose attention has a mistake that is known, and others if wanted."""
    await settle(pilot)
    engine = FakeEngine.instances[-1]
    engine.say(SourceRead({engine.source: WRONG}))
    engine.ratios = engine.isolated = {ATTENTION: 300.0, 9: 300.0 if more else 1.0}
    engine.load()
    known = replace(mistake(ATTENTION, engine.source), generation=engine.generation)
    engine.say(known, *(replace(each, generation=engine.generation) for each in more))
    engine.compute(11)
    await settle(pilot)
    return engine


async def mended(pilot) -> None:
    engine = await wrong(pilot)
    engine.ratios = engine.isolated = {}
    engine.say(SourceRead({engine.source: RIGHT}))
    engine.load()
    engine.compute(11)
    await settle(pilot)


def footer(app) -> str:
    return str(app.query_one(KeysLine).render())


async def test_every_root_cause_is_copied(app, press):
    async with app.run_test(size=(160, 36)) as pilot:
        await wrong(pilot, more=(mistake(9, ours="b.py"),))
        assert "y copy 2 causes" in footer(app)
        await press(pilot, "y")
        lines = app.clipboard.splitlines()
        assert [line.partition(": ")[0] for line in lines] == [
            f"{FakeEngine.instances[-1].source}:13",
            "b.py:13",
        ]


async def test_a_mended_cause_is_handed_over_as_that_of_its_save(app, press, folder):
    async with app.run_test(size=(160, 36)) as pilot:
        await mended(pilot)
        assert "y copy cause of save 1" in footer(app)
        assert "P page of save 1" in footer(app)
        await press(pilot, "y", "P")
        assert "no hypothesis explains it" in app.clipboard
        assert ", in save 1 of " in app.clipboard
        [page] = folder.iterdir()
        assert page.name.endswith("-save-1.html")
        assert "First wrong: blocks.0.attn" in page.read_text()


async def test_the_history_hands_over_the_save_that_is_selected(app, press, folder):
    async with app.run_test(size=(160, 36)) as pilot:
        await mended(pilot)
        await press(pilot, "H", "y", "P")
        assert app.clipboard == ""  # the last save has none
        await press(pilot, "down", "y", "P")
        assert ", in save 1 of " in app.clipboard
        ends = sorted(page.name[-11:] for page in folder.iterdir())
        assert ends == ["save-1.html", "save-2.html"]


async def test_what_a_broken_save_keeps_is_told_to_be_of_before(app, press):
    async with app.run_test(size=(160, 36)) as pilot:
        engine = await wrong(pilot)
        engine.say(SourceRead({engine.source: b"("}))
        engine.say(Failed(Diagnostic("graph", "never closed", engine.source, 1), False))
        await settle(pilot)
        rows = [line.strip() for line in shown(app).splitlines()[1:3]]
        assert rows[0].endswith("never closed")
        assert rows[1].startswith("before the last save: model.py:13")
        assert "y copy cause of save 1" in footer(app)


async def test_of_a_save_that_never_ran_there_is_nothing_to_take_along(app, press, folder):
    async with app.run_test(size=(160, 36)) as pilot:
        engine = await wrong(pilot)
        engine.say(SourceRead({engine.source: b"("}))
        engine.say(Failed(Diagnostic("graph", "never closed", engine.source, 1), False))
        await settle(pilot)
        await press(pilot, "H", "P")
        said = [each.message for each in app._notifications]
        assert ["nothing of save 2 has run" in each for each in said] == [True]
        assert list(folder.iterdir()) == []
