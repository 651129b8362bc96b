"""Softmax along any axis, beside PyTorch's; along the last one by a kernel of its own."""

import pytest
import torch
from max.driver import CPU, Buffer
from max.dtype import DType
from max.graph import DeviceRef, Graph, TensorType, ops

from debug.candidate import kernels, max_dispatch, max_internals, max_last_axis

pytestmark = pytest.mark.max
GIVEN = torch.randn(2, 3, 5, 7, generator=torch.Generator().manual_seed(0)) * 4


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    kernels.warm(DType.float32, CPU(), print)


def interpreted(axis: int) -> torch.Tensor:
    kind = TensorType(DType.float32, GIVEN.shape, DeviceRef.CPU())
    graph = Graph("one", lambda x: ops.softmax(x.tensor, axis), input_types=[kind])
    max_internals.lower(graph)
    body = max_internals.body_of(graph)
    slots: dict[max_internals.ValueKey, Buffer | None] = {
        body.inputs[0]: Buffer.from_dlpack(GIVEN)
    }
    for op in body.operations:
        max_dispatch.dispatch(op, slots)
    made = slots[body.outputs[0]]
    assert made is not None
    return torch.from_numpy(made.to_numpy())


@pytest.mark.parametrize("axis", [-1, 3, 1, -2])
def test_it_is_pytorchs(axis: int):
    assert torch.allclose(interpreted(axis), GIVEN.softmax(axis), atol=1e-7)


def test_only_the_last_axis_has_a_kernel_of_its_own(monkeypatch: pytest.MonkeyPatch):
    asked: list[str] = []
    model = max_last_axis._model

    def noted(*given):
        asked.append("last")
        return model(*given)

    monkeypatch.setattr(max_last_axis, "_model", noted)
    interpreted(1)
    assert not asked
    interpreted(-1)
    assert asked == ["last"]
