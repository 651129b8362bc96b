"""What the link makes of an engine's events, without a screen."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from fakes import ROWS, FakeEngine

from debug.protocol.diagnostic import Diagnostic
from debug.protocol.messages import Abort, Failed, Idle, NotPossible, SourceSaved, Working
from debug.protocol.parent_end import Noise
from tui.dashboard import engine_link, second_engine
from tui.dashboard.activity import Phase
from tui.dashboard.changes import Change, Noted, Refused, ResultsChanged, RowChanged, Said
from tui.dashboard.engine_link import EngineLink
from tui.dashboard.second_run import FLOAT64
from tui.settings import Settings

LAST = len(ROWS) - 1


class Listener:
    """A link, and all that it has reported."""

    def __init__(self) -> None:
        self.changes: list[Change] = []
        self.link = EngineLink(Settings({}, paused=True), self.changes.append)
        self.state = self.link.state

    @property
    def said(self) -> list[str]:
        return [change.text for change in self.changes if isinstance(change, Said)]


class SlowEngine(FakeEngine):
    """Loads, and then computes for ever."""

    def compute(self, index: int) -> None: ...


async def settle() -> None:
    for _ in range(200):
        await asyncio.sleep(0)


@pytest.fixture
async def listener(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Listener]:
    for module in (engine_link, second_engine):
        monkeypatch.setattr(module, "EngineClient", FakeEngine)
    FakeEngine.instances.clear()
    listener = Listener()
    running = asyncio.create_task(listener.link.run())
    await settle()
    yield listener
    await listener.link.stop()
    running.cancel()


def engine() -> FakeEngine:
    return FakeEngine.instances[0]


async def save(listener: Listener) -> None:
    """Of a source all of whose layers have run."""
    listener.link.run_to(LAST)
    await settle()
    engine().say(SourceSaved("model.py"))
    engine().reload()
    await settle()


async def test_a_run_goes_through_its_phases(listener: Listener):
    assert listener.state.activity.phase is Phase.STOPPED
    listener.link.run_to(LAST)
    assert listener.state.activity.phase is Phase.RUNNING
    assert listener.state.following
    await settle()
    assert listener.state.activity.phase is Phase.STOPPED
    assert not listener.state.following
    assert listener.state.results.is_complete


async def test_a_result_concerns_a_row_and_a_stop_all_of_them(listener: Listener):
    listener.changes.clear()
    listener.link.run_to(2)
    await settle()
    rows = [change.index for change in listener.changes if isinstance(change, RowChanged)]
    assert rows[:3] == [0, 1, 2]
    assert ResultsChanged() in listener.changes


async def test_a_second_abort_kills_an_engine_that_does_not_stop(listener: Listener):
    engine().hangs = True
    listener.link.run_to(LAST)
    listener.link.abort()
    assert engine().sent[-1] == Abort()
    assert listener.state.activity.phase is Phase.STOPPING
    assert engine().alive
    listener.link.abort()
    await settle()
    assert not listener.link.alive
    assert listener.state.activity.phase is Phase.DEAD


async def test_what_builds_hears_nothing_so_one_abort_kills_it(listener: Listener):
    engine().say(SourceSaved("/somewhere/model.py"))
    await settle()
    assert listener.state.activity.what == "reading model.py"
    listener.link.abort()
    await settle()
    assert not engine().alive


async def test_a_fatal_failure_is_not_followed_by_a_second_complaint(listener: Listener):
    engine().say(Failed(Diagnostic("audio", "there is no file x.wav"), fatal=True))
    engine().die(0)
    await settle()
    assert listener.state.activity.phase is Phase.FAILED
    assert listener.said[-1] == "there is no file x.wav"


async def test_a_refused_question_changes_nothing_else(listener: Listener):
    diagnostic = Diagnostic("graph", "noise is an input")
    listener.changes.clear()
    engine().say(NotPossible(diagnostic))
    await settle()
    assert listener.changes == [Refused(diagnostic)]


async def test_idle_work_is_known_until_the_engine_is_idle(listener: Listener):
    job = Working("running layers in isolation", 3, 9)
    engine().say(job)
    await settle()
    assert listener.state.job == job
    assert not listener.state.activity.busy
    engine().say(Idle(1))
    await settle()
    assert listener.state.job is None


@pytest.mark.parametrize(
    "ending",
    [
        SourceSaved("model.py"),
        Failed(Diagnostic("graph", "syntax error"), fatal=False),
    ],
    ids=lambda event: type(event).__name__,
)
async def test_a_save_or_a_failure_ends_the_idle_work(listener: Listener, ending):
    engine().say(Working("comparing probes", 1, 2), ending)
    await settle()
    assert listener.state.job is None


async def test_a_new_run_ends_the_idle_work(listener: Listener):
    engine().say(Working("comparing probes", 1, 2))
    await settle()
    listener.link.run_to(0)
    assert listener.state.job is None


async def test_the_log_says_which_layer_is_at_fault_and_what_the_engine_printed(
    listener: Listener,
):
    engine().ratios = {4: 50.0, 6: 50.0}
    engine().isolated = {6: 1.0, 4: 50.0}
    listener.link.run_to(LAST)
    engine().say(Noise("a warning"))
    await settle()
    assert "a warning" in listener.said
    so_far = "11 of 11 layers in 500 ms, first difference: blocks.0.attn.key"
    assert so_far in listener.said
    assert "blocks.0.attn.key is wrong in isolation" in listener.said


async def test_a_second_run_says_what_it_does_and_concludes(listener: Listener):
    second = asyncio.create_task(listener.link.second.run(FLOAT64))
    await settle()
    await second
    assert listener.said[-1].startswith("in float64 the graph is ok, after ")
    assert listener.state.second_activity is None
    assert not FakeEngine.instances[1].alive


async def test_a_save_gives_up_a_second_run_that_is_under_way(
    listener: Listener, monkeypatch
):
    monkeypatch.setattr(second_engine, "EngineClient", SlowEngine)
    second = asyncio.create_task(listener.link.second.run(FLOAT64))
    await settle()
    assert FakeEngine.instances[1].alive
    engine().say(SourceSaved("model.py"))
    await second
    assert listener.state.second_run is None
    assert not any("in float64 the graph" in text for text in listener.said)
    stopped = "float64 was stopped: the source was saved; press w to run it again"
    assert stopped in listener.said


async def test_a_save_is_confirmed_by_the_compiled_graph_in_a_line(listener: Listener):
    listener.link.second.confirms = True
    await save(listener)
    assert [each.aside for each in FakeEngine.instances] == [False, True]
    assert listener.state.second_run is None
    assert Noted("compiled graph: ok") in listener.changes
    assert listener.state.second_activity is None


async def test_nothing_is_compiled_that_nobody_wants_or_that_is_of_no_save(
    listener: Listener,
):
    listener.link.second.confirms = True
    listener.link.run_to(LAST)
    await settle()
    listener.link.second.confirms = False
    await save(listener)
    assert len(FakeEngine.instances) == 1


async def test_the_next_save_ends_what_confirms_the_last_without_a_word(
    listener: Listener, monkeypatch
):
    monkeypatch.setattr(second_engine, "EngineClient", SlowEngine)
    listener.link.second.confirms = True
    await save(listener)
    first = FakeEngine.instances[1]
    assert first.alive
    assert listener.state.second_activity is not None
    said = len(listener.said)
    engine().say(SourceSaved("model.py"))
    await settle()
    assert not first.alive
    assert listener.state.second_activity is None
    assert not any("compiled" in text for text in listener.said[said:])


async def test_what_a_person_asks_for_takes_the_place_of_what_nobody_did(
    listener: Listener, monkeypatch
):
    monkeypatch.setattr(second_engine, "EngineClient", SlowEngine)
    listener.link.second.confirms = True
    await save(listener)
    second = asyncio.create_task(listener.link.second.run(FLOAT64))
    await settle()
    assert [each.alive for each in FakeEngine.instances] == [True, False, True]
    assert listener.state.second_activity is not None
    FakeEngine.instances[2].die()
    await second


async def test_a_second_engine_that_dies_leaves_a_word_and_no_column(
    listener: Listener, monkeypatch
):
    monkeypatch.setattr(second_engine, "EngineClient", SlowEngine)
    second = asyncio.create_task(listener.link.second.run(FLOAT64))
    await settle()
    FakeEngine.instances[1].die(-9)
    await second
    assert listener.state.second_run is None
    assert "its engine is gone (killed by SIGKILL)" in listener.said[-1]
    assert any(isinstance(change, Refused) for change in listener.changes)


async def test_the_second_engines_job_is_part_of_what_it_does(
    listener: Listener, monkeypatch
):
    monkeypatch.setattr(second_engine, "EngineClient", SlowEngine)
    second = asyncio.create_task(listener.link.second.run(FLOAT64))
    await settle()
    FakeEngine.instances[1].say(Working("comparing probes", 1, 2))
    await settle()
    assert listener.state.second_activity is not None
    assert listener.state.second_activity.what == "float64: comparing probes, 1 of 2"
    FakeEngine.instances[1].die()
    await second
