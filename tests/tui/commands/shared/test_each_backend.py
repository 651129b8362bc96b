"""Several backends, one after the other."""

import pytest

from core.messages import Unavailable
from debug.protocol.diagnostic import Problem
from tui.commands.shared.each_backend import missing_row, run_each
from tui.commands.shared.event_log import EventLog
from tui.commands.shared.progress import Reporter

LOG = EventLog("demo")


def test_a_backend_that_cant_run_does_not_end_the_rest(capsys):
    def run_one(name: str, reporter: Reporter) -> str:
        if name == "gpu":
            raise Problem("device", "there is no GPU")
        return f"{name} ran"

    outcomes = run_each(["cpu", "gpu", "max"], LOG, run_one)
    assert outcomes["cpu"] == "cpu ran"
    assert outcomes["gpu"] == Unavailable("gpu", "there is no GPU")
    assert outcomes["max"] == "max ran"
    assert capsys.readouterr().err.splitlines() == [
        "cpu: done",
        "gpu: unavailable",
        "max: done",
    ]


def test_a_problem_that_all_would_meet_ends_them_at_once():
    met = []

    def run_one(name: str, reporter: Reporter) -> None:
        met.append(name)
        raise Problem("audio", "there is no file x")

    with pytest.raises(Problem, match="there is no file x"):
        run_each(["cpu", "max"], LOG, run_one)
    assert met == ["cpu"]


def test_what_is_missing_is_named_in_the_json():
    missing = Unavailable("gpu", "there is no GPU")
    assert missing_row(missing) == {"backend": "gpu", "unavailable": "there is no GPU"}
