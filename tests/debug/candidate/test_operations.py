"""The operations of one layer of the toy, each with its own value."""

from pathlib import Path

import pytest
import torch
from max.driver import CPU
from max.dtype import DType

from debug.candidate import kernels, max_internals
from debug.candidate.buffers import Tokens, to_buffer
from debug.candidate.kept_values import KeptValues
from debug.candidate.operations import Evaluation, Operation, OperationIndex, evaluation
from debug.candidate.program import Program
from debug.candidate.source import load_source
from debug.candidate.trace import build
from examples.two_layers.subject import TwoLayers

pytestmark = pytest.mark.max
GIVEN = torch.ones(1, 6, 16)


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    """Without that MAX compiles each kernel by itself when it first meets it."""
    kernels.warm(DType.float32, CPU(), print)


def of_shrink(graph: Path) -> Evaluation:
    """From the input of ``shrink`` to its result."""
    subject = TwoLayers(graph)
    _, traced = build(subject, load_source(graph), subject.layers, True)
    max_internals.lower(traced.graph)
    program = Program(traced, Tokens())
    given = {program.inputs["shrink"].key: to_buffer(GIVEN, DType.float32, CPU())}
    return evaluation(program, given, program.layers["shrink"], KeptValues())


def bias(graph: Path) -> torch.Tensor:
    return TwoLayers(graph).reference().get_parameter("shrink.bias").detach()


def test_every_operation_has_its_value_and_what_it_uses(toy_graph: Path):
    found = of_shrink(toy_graph)
    total = found.operations[-1]
    product = found.operations[total.operands[0]]
    assert total.name == "add"
    assert torch.allclose(product.value + bias(toy_graph), total.value)
    assert torch.equal(total.value, found.value)
    assert found.maker == OperationIndex(len(found.operations) - 1)


def test_what_depends_on_weights_alone_is_told_from_what_was_given(toy_graph: Path):
    operations = of_shrink(toy_graph).operations
    total = operations[-1]
    product, spread = (operations[index] for index in total.operands)
    assert [op.from_input for op in (product, spread, total)] == [True, False, True]
    assert torch.equal(spread.value, bias(toy_graph).expand(spread.value.shape))


def test_operations_have_the_line_of_the_source_that_made_them(toy_graph: Path):
    total = of_shrink(toy_graph).operations[-1]
    assert total.place is not None
    line = toy_graph.read_text().splitlines()[total.place.line - 1]
    assert "+ self.bias" in line
    assert total.place.path == str(toy_graph)


def test_a_value_that_was_given_has_no_maker(toy_graph: Path):
    subject = TwoLayers(toy_graph)
    _, traced = build(subject, load_source(toy_graph), subject.layers, True)
    max_internals.lower(traced.graph)
    program = Program(traced, Tokens())
    key = program.inputs["shrink"].key
    found = evaluation(
        program, {key: to_buffer(GIVEN, DType.float32, CPU())}, key, KeptValues()
    )
    assert (found.operations, found.maker) == ([], None)
    assert torch.equal(found.value, GIVEN)


def test_an_operation_knows_whether_its_numbers_are_finite():
    right = Operation("op", None, (), torch.ones(3), True)
    wrong = Operation("op", None, (), torch.tensor([1.0, float("nan")]), True)
    assert right.finite
    assert not wrong.finite
