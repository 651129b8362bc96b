"""The compiled graph, on a subject so small that it compiles in half a minute."""

import pytest
from editing import replace

from debug.protocol import Compared, Message, Open
from debug.session import Session
from debug.verdict import Verdict

pytestmark = pytest.mark.max


def run(graph, engine: str) -> list[Compared]:
    """Every layer of one generation on one of the two engines."""
    heard: list[Message] = []
    options = {"graph": str(graph)}
    session = Session("toy:open_subject", Open(options, engine), heard.append)
    session.load()
    for _ in session.names:
        session.advance()
    return [message for message in heard if isinstance(message, Compared)]


def test_the_compiled_graph_agrees_with_the_interpreter(toy_graph):
    compiled, interpreted = run(toy_graph, "compile"), run(toy_graph, "interpret")
    assert [r.chained.verdict for r in compiled] == [Verdict.OK] * 4
    for one, other in zip(compiled, interpreted, strict=True):
        assert one.candidate is not None
        assert other.candidate is not None
        assert one.candidate.shape == other.candidate.shape
        assert one.chained.rel_l2 == pytest.approx(other.chained.rel_l2, abs=2e-7)


def test_the_compiled_graph_sees_the_same_bug(toy_graph):
    replace(toy_graph, "ops.gelu(x)", "ops.relu(x)")
    verdicts = [r.chained.verdict for r in run(toy_graph, "compile")]
    assert verdicts == [Verdict.OK, Verdict.OK, Verdict.DIVERGED, Verdict.DIVERGED]
