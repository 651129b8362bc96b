"""What the key that restarts the engine brings back, and what it says it has given up."""

import pytest
from fakes import FakeEngine, settle

from debug.protocol.diagnostic import Diagnostic
from debug.protocol.messages import (
    Idle,
    Open,
    Reading,
    RunTo,
    SourceSaved,
    Spoiled,
    Stopped,
)
from tui.dashboard import second_engine
from tui.dashboard.app import Dashboard
from tui.dashboard.panes.layers import LayersPane
from tui.dashboard.panes.status import StatusBar

ALL_OK = "11 of 11 layers ok"


class SlowEngine(FakeEngine):
    """Computes for ever."""

    def compute(self, index: int) -> None: ...


def engine() -> FakeEngine:
    return FakeEngine.instances[-1]


def cell(app: Dashboard, row: int, column: str) -> str:
    return app.query_one(LayersPane).get_cell(str(row), column).plain


def status(app: Dashboard) -> str:
    return str(app.query_one(StatusBar).render())


async def test_the_run_goes_as_far_as_it_was_and_a_save_does_what_it_did(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "c", "k", "k")
        selected = app.view.cursor
        await press(pilot, "R")
        assert len(FakeEngine.instances) == 2
        assert ALL_OK in status(app)
        assert app.view.cursor == selected
        engine().ratios = {5: 300.0}
        engine().reload()
        await settle(pilot)
        assert "first wrong: blocks.0.attn" in status(app)
        assert cell(app, 5, "verdict") == "✗ diverged"
        assert cell(app, 5, "change") == "↓ worse"


async def test_before_anything_has_run_a_restart_runs_nothing(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "R")
        assert [type(command) for command in engine().sent] == [Open]
        assert "press s to step" in status(app)


async def test_a_source_that_is_broken_runs_as_far_once_it_is_mended(
    app, press, monkeypatch
):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "s", "s")
        broken = Diagnostic("graph", "syntax error", "model.py", 4)
        monkeypatch.setattr(FakeEngine, "broken", broken)
        await press(pilot, "R")
        assert "STALE, model.py:4: syntax error" in status(app)
        assert cell(app, 1, "verdict") == "✓ ok"
        engine().say(SourceSaved("model.py"))
        engine().load()
        engine().say(Stopped(1, -1, 0.1))
        await settle(pilot)
        assert engine().sent[-1] == RunTo(1)
        assert app.state.results.position == 1
        assert cell(app, 1, "change") == "="


@pytest.mark.parametrize(
    ("width", "column", "says"), [(80, "verdict", "·"), (120, "change", "earlier")]
)
async def test_a_row_that_was_not_run_again_does_not_pass_for_run(
    app, press, monkeypatch, width: int, column: str, says: str
):
    async with app.run_test(size=(width, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "c")
        monkeypatch.setattr(FakeEngine, "compute", SlowEngine.compute)
        await press(pilot, "R")
        assert cell(app, 3, column) == says


async def test_an_engine_that_has_died_is_not_sent_to_its_death_again(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "s", "s")
        engine().hangs = True
        await press(pilot, "c")
        engine().die()
        await settle(pilot)
        await press(pilot, "R")
        assert app.state.results.position == 1


async def test_a_second_run_under_way_is_stopped_with_a_word_and_its_column_goes(
    app, press, monkeypatch
):
    monkeypatch.setattr(second_engine, "EngineClient", SlowEngine)
    async with app.run_test(size=(160, 50)) as pilot:
        await settle(pilot)
        await press(pilot, "c", "w")
        assert "second" in app.query_one(LayersPane).columns
        await press(pilot, "R")
        assert "second" not in app.query_one(LayersPane).columns
        assert app.state.second_activity is None
        [told] = [note.message for note in app._notifications]
        assert told == (
            "float64 was stopped: the engine was restarted; press w to run it again"
        )


async def test_a_second_run_that_was_complete_stays_and_is_called_earlier(app, press):
    async with app.run_test(size=(160, 50)) as pilot:
        await settle(pilot)
        await press(pilot, "c", "w", "R")
        assert cell(app, 3, "second") == "✓ ok"
        assert app.state.second_run is not None
        assert "before the engine was restarted" in str(app.state.second_run.run.stale)


FILES: dict[str, str | None] = {"/home/me/model.py": "a digest"}


async def test_a_save_that_ends_the_engine_is_tried_again_and_then_waits_for_another(
    app, press
):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "c", "k", "k", "b")
        selected, marked = app.view.cursor, set(app.state.breakpoints)
        engine().say(SourceSaved("/home/me/model.py"), Reading(FILES))
        engine().die(-11)
        await settle(pilot)
        assert len(FakeEngine.instances) == 2
        assert engine().sent[0] == Open(app.link.settings.options, known=FILES)
        assert ALL_OK in status(app)
        assert (app.view.cursor, app.state.breakpoints) == (selected, marked)
        engine().say(SourceSaved("/home/me/model.py"), Reading(FILES))
        engine().die(-11)
        await settle(pilot)
        assert len(FakeEngine.instances) == 3
        assert engine().sent == [Open(app.link.settings.options, known=FILES, wait=True)]
        assert "STALE, model.py: it ends the engine (killed by SIGSEGV)" in status(app)
        assert cell(app, 3, "verdict") == "✓ ok"
        engine().answer()
        await settle(pilot)
        assert ALL_OK in status(app)
        assert app.view.cursor == selected


async def test_a_build_that_hangs_shows_its_end_and_a_key_ends_it(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "c")
        engine().say(SourceSaved("/home/me/model.py"), Reading(FILES))
        await settle(pilot)
        app.state.activity.heard -= 100
        await press(pilot, "M")
        assert "ends in 8:2" in status(app) or "ends in 8:1" in status(app)
        await press(pilot, "a")
        assert "STALE, model.py: it was stopped after 10" in status(app)
        await press(pilot, "R")
        assert ALL_OK in status(app)


async def test_who_hangs_for_too_long_is_ended_without_a_key(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "c")
        engine().say(SourceSaved("/home/me/model.py"), Reading(FILES))
        await settle(pilot)
        app.state.activity.heard -= 400
        app.state.activity.looked -= 300  # this process was stopped for as long
        app.link.watch_clock()
        assert engine().alive
        app.state.activity.heard -= 300
        app.link.watch_clock()
        await settle(pilot)
        assert "it was stopped after 400 s without a word" in status(app)


async def test_an_engine_whose_process_is_spoiled_is_followed_by_another(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "c")
        engine().say(Reading(FILES), Idle(1), Spoiled(["the limits of the process"]))
        engine().die(3)
        await settle(pilot)
        assert ALL_OK in status(app)
        said = [text.plain for text in app.view.log_pane._said]
        assert any("changed the limits of the process" in text for text in said)
