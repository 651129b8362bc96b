"""A layer taken apart, and how much it matters, on a model that is not Whisper."""

import inspect
from pathlib import Path

import pytest
from editing import replace
from sessions import finished

from debug.pause import Interrupted, go_on
from debug.protocol.diagnostic import Problem
from debug.protocol.messages import Explained, Inspected, Message
from examples.two_layers import reference

pytestmark = pytest.mark.max

GROW = "        hidden = self.grow(x)  # (batch, frames, HIDDEN)"


def inspected(graph: Path, layer: str) -> Inspected:
    events: list[Message] = []
    session = finished(graph, events)
    session.inspect(session.names.index(layer))
    found = events[-1]
    assert isinstance(found, Inspected)
    return found


def test_every_operation_has_its_line_and_what_it_equals(toy_graph: Path):
    (code,) = inspected(toy_graph, "grow").codes
    assert [op.name for op in code.reference] == ["linear"]
    assert all(op.right for op in [*code.candidate, *code.reference])
    assert code.culprit is None
    places = {op.place.line for op in code.candidate if op.place}
    assert len(places) == 1
    line = 1 + inspect.getsource(reference).splitlines().index(GROW)
    assert code.candidate[-1].match == f"equals the result of linear (line {line})"


def test_the_first_wrong_operation_is_marked(toy_graph: Path):
    replace(toy_graph, "ops.gelu(x)", "ops.gelu(x, 'tanh')")
    last = inspected(toy_graph, "network").codes[-2]
    assert last.target == "input of shrink"
    assert last.culprit is not None
    assert last.candidate[last.culprit].name == "gelu_tanh"


def test_each_operation_stands_beside_the_step_for_the_same_value(toy_graph: Path):
    (code,) = inspected(toy_graph, "grow").codes
    pairs = [(op.name, op.pair) for op in code.candidate if op.pair is not None]
    assert len(pairs) == 1
    assert pairs[0][1] == 0
    error = next(op.error for op in code.candidate if op.pair is not None)
    assert error is not None
    assert error < 1e-6


def test_a_wrong_operation_stands_beside_the_step_that_it_is_most_like(toy_graph: Path):
    replace(toy_graph, "ops.gelu(x)", "ops.gelu(x, 'tanh')")
    last = inspected(toy_graph, "network").codes[-2]
    assert last.culprit is not None
    wrong = last.candidate[last.culprit]
    assert wrong.pair is not None
    assert last.reference[wrong.pair].name == "gelu"
    assert wrong.error is not None
    assert 1e-5 < wrong.error < 1e-2


def test_the_operations_come_before_how_much_they_matter(toy_graph: Path):
    events: list[Message] = []
    session = finished(toy_graph, events)
    session.inspect(session.names.index("grow"))
    first, second = (each for each in events if isinstance(each, Inspected))
    assert first.more_to_come
    assert first.disappears is None
    assert not second.more_to_come
    assert second.disappears is not None
    assert first.codes == second.codes


def test_a_wrong_layer_is_told_from_one_that_is_fed_wrongly(toy_graph: Path):
    replace(toy_graph, "x = self.grow(x)", "x = self.grow(x) * 2")
    right = inspected(toy_graph, "shrink")
    assert right.appears is not None
    assert right.appears < 1e-6
    assert right.disappears is not None
    assert right.disappears > 0.99
    before = inspected(toy_graph, "grow")
    assert before.disappears is not None
    assert before.disappears < 0.01


def test_an_input_has_no_operations(toy_graph: Path):
    with pytest.raises(Problem, match="noise has no operations to show: it is an input"):
        inspected(toy_graph, "noise")


def test_an_explanation_gives_way_and_is_begun_again(toy_graph: Path):
    replace(toy_graph, "ops.gelu(x)", "ops.gelu(x, 'tanh')")
    events: list[Message] = []
    session = finished(toy_graph, events)
    for _ in session.names:
        session.go_on()

    def somebody_waits() -> None:
        raise Interrupted

    session.pause_with(somebody_waits)
    session.go_on()
    assert not session.settled
    assert not any(isinstance(event, Explained) for event in events)
    session.pause_with(go_on)
    while not session.settled:
        session.go_on()
    (explained,) = (event for event in events if isinstance(event, Explained))
    assert explained.findings[0].causes[0].hypothesis == "GELU by tanh instead of erf"
