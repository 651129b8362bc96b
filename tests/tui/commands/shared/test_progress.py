"""What is slow, as plain lines where no terminal shows bars."""

import pytest

from debug.protocol.messages import Progress
from tui.commands.shared import progress
from tui.commands.shared.event_log import EventLog
from tui.commands.shared.progress import PLAIN_SECONDS, REMIND_SECONDS, reporting


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which a test moves on."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_a_new_thing_is_said_at_once_and_its_share_now_and_then(clock, capsys):
    with reporting(EventLog("check")) as reporter:
        reporter.progress(Progress("compiling"))
        reporter.progress(Progress("running", 1, 4))
        reporter.progress(Progress("running", 2, 4))
        clock[0] += PLAIN_SECONDS
        reporter.progress(Progress("running", 3, 4))
    assert capsys.readouterr().err.splitlines() == [
        "compiling ...",
        "running 25% ...",
        "running 75% ...",
    ]


def test_rows_speak_for_themselves(clock, capsys):
    with reporting(EventLog("demo"), ["cpu", "max"]) as reporter:
        for name in ("cpu", "max"):
            reporter.progress(Progress("loading"), name)
        reporter.progress(Progress("done", 1, 1), "cpu")
    said = capsys.readouterr().err.splitlines()
    assert said == ["cpu: loading ...", "max: loading ...", "cpu: done"]


def test_what_is_silent_for_minutes_says_for_how_long_and_then_what_can_be_done(
    clock, capsys
):
    with reporting(EventLog("check")) as reporter:
        reporter.progress(Progress("compiling 12 kernels", hint="leave it running"))
        for _ in range(3):
            clock[0] += REMIND_SECONDS
            reporter.remind()
            reporter.remind()
        reporter.progress(Progress("running", 0, 4))
    assert capsys.readouterr().err.splitlines() == [
        "compiling 12 kernels ...",
        "compiling 12 kernels, 1 min so far ...",
        "compiling 12 kernels, 2 min so far ...",
        "compiling 12 kernels, 3 min so far; leave it running ...",
        "running ...",
    ]


def test_what_gets_on_or_is_over_needs_no_reminder(clock, capsys):
    with reporting(EventLog("demo"), ["cpu", "max"]) as reporter:
        reporter.progress(Progress("done", 1, 1), "cpu")
        reporter.progress(Progress("running", 1, 9), "max")
        clock[0] += REMIND_SECONDS / 2
        reporter.progress(Progress("running", 2, 9), "max")
        clock[0] += REMIND_SECONDS / 2
        reporter.remind()
    assert "so far" not in capsys.readouterr().err
