"""The compiled graph, on a subject so small that it compiles in half a minute."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest
from editing import replace
from max.engine import InferenceSession
from sessions import run_all
from shell import ROOT

from debug.candidate import compiler
from debug.engine.session import Session
from debug.protocol.diagnostic import Problem
from debug.protocol.messages import Compared, ComparedWithoutTaps, Message, Open
from debug.protocol.values import Mode
from debug.protocol.verdict import Verdict
from examples.two_layers import FACTORY

pytestmark = pytest.mark.max
GRAPH = ROOT / "examples" / "two_layers" / "graph.py"


@dataclass
class Heard:
    events: Sequence[Message]

    @property
    def layers(self) -> list[Compared]:
        return [each for each in self.events if isinstance(each, Compared)]

    @property
    def verdicts(self) -> list[Verdict]:
        return [each.chained.verdict for each in self.layers]


def heard(graph: Path, mode: Mode) -> Heard:
    """What a whole run says, and what is found out after it."""
    events: list[Message] = []
    session = Session.open(FACTORY, Open({"graph": str(graph)}, mode, False), events.append)
    session.load()
    run_all(session)
    while not session.settled:
        session.go_on()
    return Heard(events)


@pytest.fixture(scope="module")
def compiled() -> Heard:
    return heard(GRAPH, Mode.COMPILE)


def test_the_compiled_graph_agrees_with_the_interpreter(compiled: Heard):
    interpreted = heard(GRAPH, Mode.INTERPRET)
    assert compiled.verdicts == [Verdict.OK] * 4
    for one, other in zip(compiled.layers, interpreted.layers, strict=True):
        assert one.candidate is not None
        assert other.candidate is not None
        assert one.candidate.shape == other.candidate.shape
        assert one.chained.rel_l2 == pytest.approx(other.chained.rel_l2, abs=2e-7)


def test_the_compiled_graph_sees_the_same_bug(toy_graph: Path):
    replace(toy_graph, "ops.gelu(x)", "ops.relu(x)")
    *right, network, whole = heard(toy_graph, Mode.COMPILE).verdicts
    assert right == [Verdict.OK] * 2
    assert (network, whole) == (Verdict.DIVERGED, Verdict.DIVERGED)


def test_what_does_not_compile_in_few_bits_can_be_emulated(toy_graph: Path, monkeypatch):
    class Refusing(InferenceSession):
        def load(self, *_: object, **__: object) -> NoReturn:
            raise RuntimeError("Failed to compile the model.")

    # Not in MAX itself: what is changed there is put back before a source is read.
    monkeypatch.setattr(compiler, "InferenceSession", Refusing)
    narrow = "ops.gelu(x).cast(DType.float8_e5m2).cast(DType.float32)"
    replace(toy_graph, "ops.gelu(x)", narrow)
    with pytest.raises(Problem, match=r"model; --engine interpret emulates float8_e5m2$"):
        heard(toy_graph, Mode.COMPILE)


def test_looking_at_the_layers_changes_nothing_but_rounding(compiled: Heard):
    (without_taps,) = (e for e in compiled.events if isinstance(e, ComparedWithoutTaps))
    assert without_taps.divergence.verdict is Verdict.OK
    assert without_taps.from_tapped is not None
    assert without_taps.from_tapped < 1e-6
    assert without_taps.from_interpreted is not None
    assert without_taps.from_interpreted < 1e-6
