"""The weights of a port beside the reference's, on request."""

from pathlib import Path

import pytest
from port_files import write_port
from ports import FACTORY
from sessions import finished

from debug.engine.session import Session
from debug.protocol.messages import Message, Open
from debug.protocol.weights import Likeness, WeightsCompared

pytestmark = pytest.mark.max


def test_every_weight_of_both_sides_is_compared_once(toy_graph: Path):
    events: list[Message] = []
    session = finished(toy_graph, events)
    session.compare_weights(0)
    found = events[-1]
    assert isinstance(found, WeightsCompared)
    assert found.total == len(found.weights) > 0
    assert {each.likeness for each in found.weights} == {Likeness.EQUAL}
    assert {each.layer for each in found.weights} <= set(session.names)
    session.compare_weights(found.total - 1)
    last = events[-1]
    assert isinstance(last, WeightsCompared)
    assert last.weights == found.weights[-1:]


def test_a_port_that_renames_transposes_and_spoils_weights_is_told_so(tmp_path: Path):
    spoiled = """def weights(state):
    state = {n: v.T.contiguous() if v.ndim > 1 else v for n, v in state.items()}
    state["grow.bias"] = state["grow.bias"] * 2
"""
    transposed = ("(n_out, n_in)", "(n_in, n_out)"), ("self.weight.T", "self.weight")
    port = write_port(tmp_path, *transposed, ("def weights(state):\n", spoiled))
    events: list[Message] = []
    session = Session.open(FACTORY, Open({"port": str(port)}, watch=False), events.append)
    session.load()
    session.compare_weights(0)
    found = events[-1]
    assert isinstance(found, WeightsCompared)
    told = {each.reference: each for each in found.weights}
    assert told["grow.bias"].likeness is Likeness.DIFFERENT
    assert told["grow.bias"].error == pytest.approx(1.0)
    assert told["shrink.weight"].likeness is Likeness.EQUAL
    assert told["shrink.weight"].layout == "transposed"
    assert told["shrink.weight"].candidate == "second.weight"
