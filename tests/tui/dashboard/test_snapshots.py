"""What the dashboard looks like at certain moments; test_views.py has each view. After a
wanted change: pytest --snapshot-update, and a look at each picture."""

from fakes import MISSING, FakeEngine, settle

from debug.protocol.messages import Compared, Idle, Stopped


async def diverged(pilot) -> None:
    await settle(pilot)
    FakeEngine.instances[-1].ratios = {5: 300.0, 7: 120.0, 11: 6e6}
    FakeEngine.instances[-1].isolated = {5: 280.0, 7: 110.0, 11: 6e6}
    await pilot.press("c")
    await settle(pilot)
    await pilot.press("x")
    await settle(pilot)


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


def test_a_terminal_that_is_too_small(app, snap_compare):
    assert snap_compare(app, terminal_size=(40, 10), run_before=settle)
