"""A run to the end without a screen."""

import json
from pathlib import Path

import pytest
from fakes import ROWS, FakeEngine, compared, isolated, opened

from debug.protocol.diagnostic import Diagnostic, Problem
from debug.protocol.messages import (
    Explained,
    Failed,
    Idle,
    Loaded,
    Message,
    Open,
    Progress,
    Working,
)
from debug.protocol.parent_end import Noise
from debug.results.run import Run
from tui.commands.shared import headless
from tui.commands.shared.event_log import EventLog
from tui.commands.shared.headless import progress_of, run_all
from tui.settings import Settings


def run_on(kind: type[FakeEngine], monkeypatch: pytest.MonkeyPatch) -> Run:
    FakeEngine.instances.clear()
    monkeypatch.setattr(headless, "EngineClient", kind)
    return run_all(Settings({}), EventLog("check"))


def test_every_layer_has_run_also_in_isolation(monkeypatch):
    run = run_on(FakeEngine, monkeypatch)
    assert run.is_complete
    assert run.isolated(len(ROWS) - 1) is not None
    assert not FakeEngine.instances[-1].alive


def test_an_engine_that_dies_is_a_problem_with_its_last_words(monkeypatch):
    class Dying(FakeEngine):
        def send(self, command: Message) -> None:
            self.say(Noise("out of memory"))
            self.die(-9)

    with pytest.raises(Problem, match=r"is gone \(killed by SIGKILL\), .*: out of"):
        run_on(Dying, monkeypatch)


def test_what_can_not_be_opened_is_the_engines_own_problem(monkeypatch):
    class Failing(FakeEngine):
        def send(self, command: Message) -> None:
            if isinstance(command, Open):
                self.say(Failed(Diagnostic("audio", "there is no file x"), fatal=True))

    with pytest.raises(Problem, match="there is no file x"):
        run_on(Failing, monkeypatch)


def test_idleness_before_the_last_layer_is_not_the_end(monkeypatch):
    class Pausing(FakeEngine):
        def compute(self, index: int) -> None:
            self.say(Idle(self.generation))
            super().compute(index)

    assert run_on(Pausing, monkeypatch).is_complete


def test_the_log_has_a_line_a_layer(monkeypatch, tmp_path: Path):
    FakeEngine.instances.clear()
    monkeypatch.setattr(headless, "EngineClient", FakeEngine)
    file = tmp_path / "events.jsonl"
    with EventLog.to(str(file), "check") as log:
        run_all(Settings({}), log)
    events = [json.loads(line) for line in file.read_text().splitlines()]
    named = [each["data"]["name"] for each in events if each["event"] == "layer"]
    assert named == [name for name, _ in ROWS]


@pytest.mark.parametrize(
    ("event", "progress"),
    [
        (compared(2), Progress("running the candidate", 3, len(ROWS))),
        (isolated(2), None),  # its job was named before it
        (Explained(1, 1, []), None),
        (Working("comparing probes", 2, 5), Progress("comparing probes", 1, 5)),
        (Idle(1), None),
    ],
    ids=lambda each: type(each).__name__,
)
def test_results_and_jobs_say_how_far_the_engine_has_got(event, progress):
    run = Run()
    run.apply(opened())
    run.apply(Loaded(1, {}, 0.1))
    assert progress_of(event, run) == progress
