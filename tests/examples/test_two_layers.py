"""The example of two layers, as a person would run it."""

from pathlib import Path

import pytest
from editing import replace
from in_process import ran
from sessions import finished
from shell import ROOT, run_python

from debug.protocol.messages import Compared, Message
from debug.protocol.verdict import Verdict
from debug.results.run import Run
from examples.two_layers.__main__ import main

EXAMPLE = ROOT / "examples" / "two_layers"

pytestmark = pytest.mark.max


def debugged(graph: Path) -> tuple[Run, list[Message]]:
    """Everything that the debugger finds out about a source of the port."""
    events: list[Message] = []
    session = finished(graph, events)
    while not session.settled:
        session.go_on()
    run = Run()
    for event in events:
        run.apply(event)  # pyright: ignore[reportArgumentType]
    return run, events


def test_every_layer_is_ok():
    run, events = debugged(EXAMPLE / "graph.py")
    verdicts = [e.chained.verdict for e in events if isinstance(e, Compared)]
    assert verdicts == [Verdict.OK] * 4
    assert run.culprit() is None


def test_a_planted_bug_is_named_with_its_line_and_its_cause(toy_graph: Path):
    replace(toy_graph, "ops.gelu(x)", 'ops.gelu(x, "tanh")')
    run, _ = debugged(toy_graph)
    culprit = run.culprit()
    assert culprit is not None
    assert run.layers[culprit].name == "network"
    finding = run.finding(culprit)
    assert finding is not None
    assert finding.place is not None
    line = toy_graph.read_text().splitlines()[finding.place.line - 1]
    assert 'ops.gelu(x, "tanh")' in line
    assert finding.causes[0].hypothesis == "GELU by tanh instead of erf"


def test_its_check_says_the_same(toy_graph: Path):
    replace(toy_graph, "+ self.bias", "")
    module = "examples.two_layers"
    right = run_python("-m", module, "check")
    assert (right.returncode, "All 3 layers" in right.stdout) == (
        0,
        True,
    ), right.stderr
    wrong = ran(main, "check", "--graph", str(toy_graph))
    assert wrong.returncode == 1
    assert "First wrong: grow (diverged)" in wrong.stdout
    assert "Why: grow.bias is left out" in wrong.stdout
