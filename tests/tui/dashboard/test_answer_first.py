"""The dashboard runs by itself and shows the root causes above everything else."""

import pytest
from fakes import (
    ATTENTION,
    NAMES,
    ROWS,
    FakeEngine,
    compared,
    isolated,
    mistake,
    settle,
)
from fakes import (
    LAST_ROW as LAST,
)

from debug.protocol.messages import Idle, RunTo, Stopped, Working
from tui.dashboard.activity import Activity, Phase
from tui.dashboard.app import Dashboard
from tui.dashboard.panes.causes import CausesPane
from tui.settings import Settings

KEY = NAMES.index("blocks.0.attn.key")


@pytest.fixture
def unpaused(app) -> Dashboard:
    return Dashboard(Settings({"model": "imaginary"}))


def engine() -> FakeEngine:
    return FakeEngine.instances[-1]


def rows(app: Dashboard) -> list[str]:
    pane = app.query_one(CausesPane)
    return [str(pane.get_option_at_index(row).prompt) for row in range(pane.option_count)]


def verdict_of(app: Dashboard, row: int) -> str:
    return app.view.layers_pane.get_cell(str(row), "verdict").plain


async def test_it_runs_on_start_without_a_key_and_says_that_all_is_well(unpaused):
    async with unpaused.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert RunTo(LAST) in engine().sent
        assert rows(unpaused) == ["✓ All 11 layers and 1 input are ok."]
        assert unpaused.view.cursor == LAST
        assert unpaused.view.status_bar.has_class("good")


async def test_paused_it_waits_for_a_key(app):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert not [command for command in engine().sent if isinstance(command, RunTo)]
        assert rows(app) == ["· nothing has run yet"]


async def found(app: Dashboard, pilot, settled: bool = True) -> None:
    """An attention that is wrong, and layers behind it that inherit its error."""
    await settle(pilot)
    engine().say(
        *[compared(row, 300.0 if row >= ATTENTION else 1.5) for row in range(len(ROWS))],
        Stopped(1, LAST, 0.5),
        *[isolated(row, 300.0 if row == ATTENTION else 1.0) for row in range(1, len(ROWS))],
    )
    await settle(pilot)
    if settled:
        engine().say(mistake(), Idle(1))
        await settle(pilot)


async def test_the_cause_is_the_first_row_and_the_cursor_goes_to_its_layer(app):
    async with app.run_test(size=(120, 36)) as pilot:
        await found(app, pilot)
        [row] = rows(app)
        assert row.startswith("✗ port.py:13 · no hypothesis explains it")
        assert row.endswith("· blocks.0.attn")
        assert NAMES[app.view.cursor] == "blocks.0.attn"
        assert app.view.status_bar.has_class("wrong")


async def test_a_layer_that_a_person_selected_stays_selected(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await found(app, pilot, settled=False)
        await press(pilot, "j", "j")
        chosen = app.view.cursor
        assert chosen != ATTENTION
        engine().say(mistake(), Idle(1))
        await settle(pilot)
        assert app.view.cursor == chosen


async def test_a_key_is_not_lost_where_the_rows_are_laid_anew_in_the_same_moment(app):
    async with app.run_test(size=(120, 36)) as pilot:
        await found(app, pilot)
        app.view.choose(ATTENTION + 2)
        app.view.show_layers()
        await settle(pilot)
        assert app.view.cursor == ATTENTION + 2


@pytest.mark.parametrize("key", ["down", "j"])
async def test_so_it_does_after_any_key_that_moves(app, press, key):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, key)
        assert app.state.chosen


async def test_only_what_is_wrong_by_itself_is_loud(app):
    async with app.run_test(size=(120, 36)) as pilot:
        await found(app, pilot)
        assert verdict_of(app, ATTENTION) == "✗ diverged"
        assert verdict_of(app, ATTENTION + 1) == "↳ inherited"


async def test_nothing_is_blamed_before_it_is_known_to_be_wrong_by_itself(app):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        engine().say(
            *[compared(row, 300.0 if row >= KEY else 1.5) for row in range(len(ROWS))],
            Stopped(1, LAST, 0.5),
            Working("looking for the cause", 3, 9),
        )
        await settle(pilot)
        first, progress = rows(app)
        assert first == "✗ first difference: blocks.0.attn.key"
        assert progress.startswith("… looking for the cause, 3 of 9")
        assert not app.view.status_bar.has_class("wrong")


async def test_a_key_goes_from_one_root_cause_to_the_next(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await found(app, pilot, settled=False)
        engine().say(isolated(9, 90.0), mistake(), mistake(9, ours="b.py"), Idle(1))
        await settle(pilot)
        assert len(rows(app)) == 2
        seen = []
        for key in ("x", "x", "X"):
            await press(pilot, key)
            seen.append(NAMES[app.view.cursor])
        assert seen == ["blocks.1", "blocks.0.attn", "blocks.1"]


async def test_choosing_a_row_leads_to_its_layer(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await found(app, pilot)
        await press(pilot, "g")
        app.query_one(CausesPane).focus()
        await press(pilot, "down", "enter")
        assert NAMES[app.view.cursor] == "blocks.0.attn"


async def test_the_cause_and_the_numbers_can_be_copied(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await found(app, pilot)
        await press(pilot, "y")
        assert app.clipboard.startswith("port.py:13: no hypothesis explains it")
        assert app.clipboard.endswith("(blocks.0.attn)")
        await press(pilot, "Y")
        assert app.clipboard.splitlines()[0] == "statistics: blocks.0.attn"
        assert "relative L2" in app.clipboard


async def test_a_key_that_comes_too_early_is_refused_in_words(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        app.state.activity = Activity(Phase.LOADING, "loading the model")
        app.state.results.opened = None
        await press(pilot, "b")
        said = [each.message for each in app._notifications]
        assert said == ["not while the engine is loading the model: try again then"]


async def test_the_cursor_goes_to_a_new_culprit_after_a_save_though_x_was_used(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await found(app, pilot)
        await press(pilot, "j", "x")
        save = engine()
        save.ratios = save.isolated = {9: 300.0}
        save.position, save.generation = LAST, 1
        save.reload()
        await settle(pilot)
        assert NAMES[app.view.cursor] == "blocks.1"
        await press(pilot, "k")
        save.ratios = save.isolated = {2: 300.0}
        save.reload()
        await settle(pilot)
        assert NAMES[app.view.cursor] == "blocks.1.norm"


async def test_a_low_terminal_has_two_lines_for_all_root_causes(app, press):
    async with app.run_test(size=(80, 24)) as pilot:
        await found(app, pilot, settled=False)
        engine().say(isolated(9, 90.0), mistake(), mistake(9, ours="b.py"), Idle(1))
        await settle(pilot)
        pane = app.query_one(CausesPane)
        assert (pane.region.y, pane.region.height) == (1, 2)
        assert [row.partition(" · ")[0] for row in rows(app)] == [
            "✗ port.py:13",
            "✗ b.py:13",
        ]
        engine().say(isolated(10, 90.0), mistake(10, ours="c.py"), Idle(1))
        await settle(pilot)
        assert pane.region.height == 2
        await press(pilot, "X")
        assert rows(app)[pane.highlighted or 0].startswith("✗ 3 of 3 · c.py:13")
        assert pane.scroll_offset.y == 1


async def test_until_a_cause_is_known_the_first_layer_that_differs_is_selected(app):
    async with app.run_test(size=(80, 24)) as pilot:
        await found(app, pilot, settled=False)
        assert app.view.cursor == app.state.results.culprit()
        assert rows(app)[0].startswith("✗ first difference: ")
        assert rows(app)[1].startswith("… ")  # what goes on, in the second line
