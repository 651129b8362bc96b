"""What the doctor makes of a child process's findings."""

import json
from argparse import Namespace

import pytest

from core.messages import Examination
from debug.protocol.diagnostic import Problem
from debug.protocol.messages import Progress
from debug.protocol.parent_end import Exited
from tui.commands import doctor
from tui.commands.shared.event_log import EventLog
from tui.commands.shared.gone import Gone
from tui.settings import COULD_NOT_RUN

FINE = Examination("max", True, "26.7.0")
BROKEN = Examination("torch", False, "it is not installed", "make install")


def ask_that_finds(*findings: Examination, problem: Problem | None = None):
    def ask(request, hear, reporter) -> None:
        for finding in findings:
            reporter.progress(Progress(f"examining {finding.name}"))
            hear(finding)
        if problem:
            raise problem

    return ask


def run(as_json: bool = False) -> int:
    return doctor.run(Namespace(json=as_json), EventLog("doctor"))


def test_all_is_well(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "ask", ask_that_finds(FINE))
    assert run() == 0
    assert capsys.readouterr().out.split() == ["✓", "max", "26.7.0"]


def test_what_is_missing_comes_with_its_remedy(monkeypatch, capsys):
    monkeypatch.setattr(doctor, "ask", ask_that_finds(FINE, BROKEN))
    assert run() == COULD_NOT_RUN
    assert "→ make install" in capsys.readouterr().out


def test_a_crash_is_a_finding_after_those_before_it(monkeypatch, capsys):
    crash = ask_that_finds(FINE, problem=Gone("worker", Exited(-11), []))
    monkeypatch.setattr(doctor, "ask", crash)
    assert run(as_json=True) == COULD_NOT_RUN
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [finding["name"] for finding in findings] == ["max", "installation"]
    said = "the worker is gone (killed by SIGSEGV), while it was examining max"
    assert findings[1]["detail"] == said
    assert "doctor" not in findings[1]["remedy"]


@pytest.mark.parametrize("findings", [(), (FINE,)])
def test_nothing_to_complain_of_is_status_0(monkeypatch, findings):
    monkeypatch.setattr(doctor, "ask", ask_that_finds(*findings))
    assert run() == 0
