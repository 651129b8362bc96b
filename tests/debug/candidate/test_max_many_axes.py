"""Operations on more axes than the interpreter's kernels have, beside PyTorch's."""

import pytest
import torch
from max.driver import Buffer
from max.dtype import DType
from max.graph import DeviceRef, Graph, TensorType, TensorValue, ops

from debug.candidate import max_dispatch, max_internals, max_kernels
from debug.candidate.max_many_axes import together

WINDOWS = torch.arange(2.0 * 3 * 4 * 3 * 4 * 5).reshape(2, 3, 4, 3, 4, 5)


def interpreted(function, given: torch.Tensor) -> torch.Tensor:
    """What a graph makes of a value, with nothing compiled alone."""
    kind = TensorType(DType.float32, given.shape, DeviceRef.CPU())
    graph = Graph("one", lambda x: function(x.tensor), input_types=[kind])
    max_internals.lower(graph)
    body = max_internals.body_of(graph)
    assert max_kernels.survey(body, {}).refused == {}
    slots: dict[max_internals.ValueKey, Buffer | None] = {
        body.inputs[0]: Buffer.from_dlpack(given.contiguous())
    }
    for op in body.operations:
        max_dispatch.dispatch(op, slots)
    made = slots[body.outputs[0]]
    assert made is not None
    return torch.from_numpy(made.to_numpy())


@pytest.mark.max
@pytest.mark.parametrize(
    "order",
    [(0, 1, 3, 2, 4, 5), (0, 5, 1, 2, 3, 4), (4, 5, 0, 1, 2, 3), (0, 1, 2, 3, 4, 5)],
)
def test_six_axes_are_exchanged_where_some_stay_side_by_side(order):
    made = interpreted(lambda x: ops.permute(x, list(order)), WINDOWS)
    assert torch.equal(made, WINDOWS.permute(order))


@pytest.mark.max
def test_axes_of_one_are_no_axes():
    given = WINDOWS[:, None, ..., :1]
    order = (5, 6, 4, 0, 1, 3, 2)
    made = interpreted(lambda x: ops.permute(x, list(order)), given)
    assert torch.equal(made, given.permute(order))


@pytest.mark.max
def test_six_axes_are_repeated():
    given, shape = WINDOWS[:, :1, :, :1], (2, 7, 4, 6, 4, 5)
    made = interpreted(lambda x: ops.broadcast_to(x, shape), given)
    assert torch.equal(made, given.expand(shape))


def test_axes_that_stay_side_by_side_are_one_group():
    assert together((2, 3, 4, 3, 4, 5), (0, 1, 3, 2, 4, 5)) == [[0, 1], [3], [2], [4, 5]]
    assert together((2, 1, 4), (0, 1, 2)) == [[0, 2]]
    assert together((1, 1), (1, 0)) == [[0]]


def test_where_every_axis_moves_the_operation_is_left_to_the_compiler():
    kind = TensorType(DType.float32, WINDOWS.shape, DeviceRef.CPU())

    def reversed_axes(x: TensorValue) -> TensorValue:
        return ops.permute(x, [5, 4, 3, 2, 1, 0])

    graph = Graph("one", lambda x: reversed_axes(x.tensor), input_types=[kind])
    max_internals.lower(graph)
    (why,) = max_kernels.survey(max_internals.body_of(graph), {}).refused.values()
    assert why == "the interpreter has no kernel for 6 axes"
