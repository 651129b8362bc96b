"""The line at the top."""

import pytest
from fakes import LAST_ROW, FakeEngine, compared, opened, settle
from msgspec.structs import replace
from textual.app import App, ComposeResult

from debug.protocol.diagnostic import Diagnostic
from debug.protocol.messages import Event, Failed, Idle, Loaded, Stopped, Working
from debug.protocol.verdict import Verdict
from debug.results.run import Run
from tui import words
from tui.dashboard.activity import Activity, Phase
from tui.dashboard.panes.status import StatusBar
from tui.dashboard.state import State


class OneBar(App):
    def compose(self) -> ComposeResult:
        yield StatusBar()


@pytest.fixture
async def bar():
    async with OneBar().run_test(size=(200, 4)) as pilot:
        yield pilot.app.query_one(StatusBar)


def stopped(ratio: float = 1.0) -> State:
    run = Run()
    for event in (opened(), Loaded(1, {}, 0.1), compared(0, 1.0), compared(1, ratio)):
        run.apply(event)
    run.apply(Stopped(1, 1, 0.5))
    return State(results=run, activity=Activity(Phase.STOPPED))


def text(bar: StatusBar, state: State) -> str:
    bar.show(state)
    return str(bar.render())


async def test_it_says_how_many_layers_are_ok_or_which_is_wrong_first(bar):
    assert text(bar, stopped()).startswith(" ■ 1 of 11 layers ok in 500 ms │ cpu float32 │")
    wrong = stopped(50.0)
    assert text(bar, wrong).startswith(" ■ first difference so far: conv in 500 ms │")
    wrong.results.apply(Idle(1))
    assert text(bar, wrong).startswith(" ■ first wrong: conv in 500 ms │")


async def test_what_is_emulated_is_said_beside_the_precision(bar):
    state = stopped()
    state.results.apply(Loaded(1, {}, 0.1, emulated=["bfloat16"]))
    assert "│ cpu float32 (bfloat16 emulated) │" in text(bar, state)


async def test_idle_work_stands_beside_the_result_and_looks_quiet(bar):
    state = stopped()
    state.job = Working("looking for the cause of blocks.0.attn", 3, 9)
    shown = text(bar, state)
    assert " in 500 ms │ looking for the cause of blocks.0.attn, 3 of 9 │ cpu" in shown
    assert not bar.has_class("busy")


async def test_a_job_of_one_piece_has_no_count(bar):
    state = stopped()
    state.job = Working("decoding both outputs", 1, 1)
    assert "│ decoding both outputs │" in text(bar, state)


async def test_while_a_person_waits_the_job_is_not_shown(bar):
    state = stopped()
    state.job = Working("comparing probes", 1, 2)
    state.activity = Activity(Phase.RUNNING)
    assert "comparing" not in text(bar, state)
    assert bar.has_class("busy")


async def test_what_takes_minutes_says_for_how_long_and_what_can_be_done(bar):
    state = stopped()
    state.activity = Activity(Phase.LOADING, "compiling 12 kernels", "leave it running")
    assert "compiling 12 kernels" in text(bar, state)
    assert "leave it running" not in text(bar, state)
    state.activity.since -= words.PATIENCE + 60
    shown = text(bar, state)[: len(" x 4.0 min, leave it running, compiling 12 kernels")]
    assert shown.endswith("4.0 min, leave it running, compiling 12 kernels")


async def test_a_dead_engine_says_how_to_restart_it(bar):
    state = stopped()
    state.activity = Activity(Phase.DEAD, "the engine is gone (exit status 1)")
    assert "the engine is gone (exit status 1): R restarts it" in text(bar, state)
    assert bar.has_class("dead")


async def test_results_of_an_earlier_save_are_called_stale(bar):
    state = stopped()
    state.results.apply(Failed(Diagnostic("graph", "syntax error"), fatal=False))
    assert "✗ STALE, syntax error" in text(bar, state)
    assert bar.has_class("failed")


async def test_the_dashboard_shows_idle_work_and_stays_responsive(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        FakeEngine.instances[-1].lingers = True
        await press(pilot, "c")
        bar = app.query_one(StatusBar)
        assert "running layers in isolation, 3 of 11" in str(bar.render())
        await press(pilot, "S")
        assert app.view.cursor == 10
        FakeEngine.instances[-1].say(Idle(1))
        await settle(pilot)
        assert "running layers" not in str(bar.render())


async def test_the_bar_is_green_amber_or_red_by_the_verdict(bar):
    def look(*events: Event) -> set[str]:
        run = Run()
        for event in (opened(), Loaded(1, {}, 0.1), *events):
            run.apply(event)
        bar.show(State(results=run, activity=Activity(Phase.STOPPED)))
        return set(bar.classes)

    ok = [compared(index) for index in range(LAST_ROW + 1)]
    watched = replace(ok[3], chained=replace(ok[3].chained, verdict=Verdict.WATCH))
    broken = Failed(Diagnostic("graph", "a syntax error"), fatal=False)
    assert look(*ok, Idle(1)) == {"good"}
    assert look(*ok, watched, Idle(1)) == {"watched"}
    assert "10 of 11 layers ok, 1 to be watched" in str(bar.render())
    assert look(*ok, compared(4, 300.0), Idle(1)) == {"wrong"}
    assert look(*ok, broken) == {"failed"}
