"""One question for the worker."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.messages import Answer, Examination, Examine
from debug.protocol.diagnostic import Diagnostic, Problem
from debug.protocol.messages import Failed, Progress
from debug.protocol.parent_end import Exited, Noise
from tui.commands.shared import ask as module
from tui.commands.shared.ask import ask
from tui.commands.shared.event_log import EventLog
from tui.commands.shared.progress import Reporter

FOUND = Examination("max", True, "26.7.0")


class FakeWorker:
    """Answers the same whatever it is asked."""

    answers: list[Answer | Noise | Exited] = []
    stopped = False

    def __init__(self, module: str, decode: object) -> None: ...
    async def start(self) -> None: ...
    def send(self, request: object) -> None: ...
    def kill(self) -> None: ...

    async def stop(self) -> None:
        FakeWorker.stopped = True

    async def events(self) -> AsyncIterator[Answer | Noise | Exited]:
        for answer in self.answers:
            yield answer


def answers(
    monkeypatch: pytest.MonkeyPatch, *given: Answer | Noise | Exited, log: EventLog
) -> tuple[list[Answer], list[Progress]]:
    monkeypatch.setattr(module, "Child", FakeWorker)
    monkeypatch.setattr(FakeWorker, "answers", list(given))
    monkeypatch.setattr(FakeWorker, "stopped", False)
    heard: list[Answer] = []
    shown: list[Progress] = []
    ask(Examine(), heard.append, Reporter(log, lambda news, *_: shown.append(news)))
    return heard, shown


def test_answers_are_heard_and_logged_and_progress_is_shown(monkeypatch, tmp_path: Path):
    file = tmp_path / "events.jsonl"
    with EventLog.to(str(file), "doctor") as log:
        news = Progress("looking"), FOUND, Exited(0)
        heard, shown = answers(monkeypatch, *news, log=log)
    assert heard == [FOUND]
    assert shown == [Progress("looking")]
    events = [json.loads(line)["event"] for line in file.read_text().splitlines()]
    assert events == ["stage", "finding"]
    assert FakeWorker.stopped


@pytest.mark.parametrize(
    ("news", "says"),
    [
        ((Failed(Diagnostic("audio", "there is no file x"), True),), "there is no file x"),
        (
            (Noise("Killed"), Exited(-9)),
            r"gone \(killed by SIGKILL\), it printed last: Killed; memory ran out",
        ),
        ((Exited(-11),), r"gone \(killed by SIGSEGV\); maxwhisper doctor examines"),
        ((Progress("looking"), Exited(0)), r"gone \(exit status 0\)"),
        ((FOUND, Exited(-9, "it hung")), r"gone \(it hung\); maxwhisper doctor"),
    ],
    ids=["failed", "killed", "crashed", "silent", "stopped"],
)
def test_a_worker_that_can_not_answer_is_a_problem(monkeypatch, news, says):
    with pytest.raises(Problem, match=says):
        answers(monkeypatch, *news, log=EventLog("doctor"))
    assert FakeWorker.stopped
