"""Narrow values on the CPU, beside what PyTorch makes of the same bits."""

from dataclasses import dataclass
from typing import cast

import pytest
import torch
from max.driver import CPU, Device
from max.dtype import DType
from max.graph import DeviceRef, Graph, TensorType, TensorValue, ops
from recordings import numbers
from torch import Tensor

from debug.candidate import emulation, kernels, max_dispatch, max_internals, preparation
from debug.candidate.buffers import to_buffer, to_torch
from debug.candidate.emulation import Emulation
from debug.candidate.lone_kernels import Cutter

pytestmark = pytest.mark.max

HALVES = [DType.float16, DType.bfloat16]
FLOAT8S = [DType.float8_e4m3fn, DType.float8_e5m2]
X = numbers(4, 8).float()


@dataclass(frozen=True)
class Gpu:
    is_host: bool = False


def ran(function, value: Tensor, dtype: DType) -> tuple[Tensor, Emulation]:
    """What a function makes of a value in a precision, and what of it was emulated."""
    kind = TensorType(dtype, value.shape, DeviceRef.CPU())
    graph = Graph("one", lambda x: function(x.tensor), input_types=[kind])
    max_internals.lower(graph)
    body = max_internals.body_of(graph)
    found = emulation.emulation(body, Cutter(graph, body.operations))
    kernels.warm(DType.float32, CPU(), lambda _: None)
    preparation.load({each.key: each for each in found.kernels}, lambda _: None)
    slots: preparation.Slots = {body.inputs[0]: to_buffer(value, dtype, CPU())}
    for index, op in enumerate(body.operations):
        if (emulated := found.operations.get(index)) is not None:
            emulated.run(slots)
        else:
            max_dispatch.dispatch(op, slots)
    buffer = slots[body.outputs[0]]
    assert buffer is not None
    return to_torch(buffer), found


@pytest.mark.parametrize("dtype", [*HALVES, *FLOAT8S])
def test_a_cast_has_the_bits_of_pytorchs(dtype: DType):
    narrow = getattr(torch, dtype.name)
    made, found = ran(lambda x: x.cast(dtype).cast(DType.float32), X, DType.float32)
    assert torch.equal(made, X.to(narrow).float())
    assert found.dtypes == [dtype.name]


@pytest.mark.parametrize("dtype", HALVES)
@pytest.mark.parametrize(
    ("function", "theirs"),
    [
        pytest.param(ops.softmax, lambda x: x.softmax(-1), id="softmax"),
        pytest.param(lambda x: x @ ops.transpose(x, 0, 1), lambda x: x @ x.T, id="matmul"),
        pytest.param(lambda x: x * x + x, None, id="two operations"),
    ],
)
def test_every_operation_is_computed_in_float32_and_rounded(function, theirs, dtype: DType):
    narrow = getattr(torch, dtype.name)
    made, _ = ran(function, X, dtype)
    x = X.to(narrow)
    if theirs is None:
        right = ((x.float() * x.float()).to(narrow).float() + x.float()).to(narrow)
    else:
        right = theirs(x.float()).to(narrow)
    assert made.dtype == narrow
    # Two kernels sum in different orders: where that decides, they round to neighbours.
    off = (made.double() - right.double()).abs()
    assert bool((off <= torch.finfo(narrow).eps * right.double().abs()).all())
    assert (off == 0).float().mean() > 0.9


def test_what_lies_beyond_float16_is_infinite():
    large = torch.tensor([[60000.0, -60000.0, 1.0, 0.0]])
    made, _ = ran(lambda x: x * 2.0, large, DType.float16)
    assert made.tolist() == [[float("inf"), float("-inf"), 2.0, 0.0]]
    made, _ = ran(lambda x: x * 2.0, large, DType.bfloat16)
    assert bool(made.isfinite().all())


def test_a_number_in_the_source_has_the_bits_that_max_gives_it():
    def number(x: TensorValue) -> TensorValue:
        return ops.constant(0.1, DType.bfloat16, x.device).cast(DType.float32)

    made, _ = ran(number, torch.ones(1), DType.float32)
    assert made.item() == pytest.approx(0.1, rel=2**-7)
    assert made.bfloat16().item() == made.item()


def test_whole_numbers_and_float64_are_cast_to_and_from():
    made, _ = ran(lambda x: x.cast(DType.float16), torch.arange(4), DType.int32)
    assert (made.dtype, made.tolist()) == (torch.float16, [0.0, 1.0, 2.0, 3.0])
    made, _ = ran(lambda x: x.cast(DType.float64), X, DType.float16)
    assert torch.equal(made, X.half().double())


def test_in_float32_nothing_is_emulated():
    _, found = ran(ops.softmax, X, DType.float32)
    assert (found.operations, found.kernels, found.dtypes) == ({}, [], [])


def test_a_condition_on_narrow_values_is_left_to_the_compiler():
    def choice(x: TensorValue) -> TensorValue:
        yes = ops.constant(True, DType.bool, DeviceRef.CPU())
        return ops.cond(yes, [x.type], lambda: ops.relu(x), lambda: x)[0].tensor

    kind = TensorType(DType.float16, (4,), DeviceRef.CPU())
    graph = Graph("one", lambda x: choice(x.tensor), input_types=[kind])
    max_internals.lower(graph)
    body = max_internals.body_of(graph)
    assert not emulation.emulation(body, Cutter(graph, body.operations)).operations


def test_on_a_gpu_nothing_is_emulated():
    gpu = cast(Device, Gpu())
    for dtype in HALVES:
        assert emulation.is_emulated(dtype, CPU())
        assert not emulation.is_emulated(dtype, gpu)
        assert emulation.computed_in(dtype, gpu) == dtype
    assert emulation.computed_in(DType.float64, CPU()) == DType.float64
