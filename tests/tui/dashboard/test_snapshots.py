"""What the dashboard looks like. After a wanted change: pytest --snapshot-update."""

import pytest
from fakes import MISSING, FakeEngine, settle

from debug.protocol.diagnostic import Diagnostic
from debug.protocol.messages import Compared, Failed, Idle, SourceSaved, Stopped

SIZES = [(80, 24), (120, 36), (160, 50)]


async def diverged(pilot) -> None:
    await settle(pilot)
    FakeEngine.instances[-1].ratios = {5: 300.0, 7: 120.0, 11: 6e6}
    FakeEngine.instances[-1].isolated = {5: 280.0, 7: 110.0, 11: 6e6}
    await pilot.press("c")
    await settle(pilot)
    await pilot.press("x")
    await settle(pilot)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_layer_that_diverged(app, snap_compare, size):
    assert snap_compare(app, terminal_size=size, run_before=diverged)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_source_of_both_sides_enlarged(app, snap_compare, size):
    async def enlarged(pilot) -> None:
        await diverged(pilot)
        await pilot.press("4", "z")
        await settle(pilot)

    assert snap_compare(app, terminal_size=size, run_before=enlarged)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_light_terminal(app, snap_compare, size):
    async def light(pilot) -> None:
        await diverged(pilot)
        await pilot.press("l")
        await settle(pilot)

    assert snap_compare(app, terminal_size=size, run_before=light)


def test_the_start(app, snap_compare):
    assert snap_compare(app, terminal_size=(120, 36), run_before=settle)


def test_a_bad_save(app, snap_compare):
    async def bad_save(pilot) -> None:
        await settle(pilot)
        await pilot.press("c")
        await settle(pilot)
        engine = FakeEngine.instances[-1]
        bad = Diagnostic("graph", "syntax error: '(' was never closed", engine.source, 4)
        engine.say(SourceSaved(engine.source), Failed(bad, fatal=False))
        await settle(pilot)

    assert snap_compare(app, terminal_size=(120, 36), run_before=bad_save)


def test_a_missing_layer(app, snap_compare):
    async def missing(pilot) -> None:
        await settle(pilot)
        await pilot.press("s")
        await settle(pilot)
        gone = Compared(1, 1, None, MISSING, 0.0, False)
        FakeEngine.instances[-1].say(gone, Stopped(1, 1, 0.1), Idle(1))
        await settle(pilot)
        await pilot.press("j")
        await settle(pilot)

    assert snap_compare(app, terminal_size=(120, 36), run_before=missing)


def test_a_save_that_helped(app, snap_compare):
    async def helped(pilot) -> None:
        await diverged(pilot)
        FakeEngine.instances[-1].ratios = {7: 300.0}
        FakeEngine.instances[-1].isolated = {7: 300.0}
        FakeEngine.instances[-1].reload()
        await settle(pilot)

    assert snap_compare(app, terminal_size=(120, 36), run_before=helped)


def test_the_help_page(app, snap_compare):
    async def helped(pilot) -> None:
        await settle(pilot)
        await pilot.press("question_mark")

    assert snap_compare(app, terminal_size=(80, 24), run_before=helped)


def test_a_terminal_that_is_too_small(app, snap_compare):
    assert snap_compare(app, terminal_size=(40, 10), run_before=settle)
