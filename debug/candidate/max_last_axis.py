"""Softmax along the last axis, by private API of MAX.

MAX's interpreter has one kernel of softmax for all axes: it exchanges two axes, computes,
and exchanges them again. Where the axis is the last one that moves every number twice for
nothing, and takes six times as long: 54 ms instead of 9 at each attention of Whisper's
``tiny``. So the last axis has a kernel of its own, in the same family, which is compiled
and loaded as all others are.
"""

from typing import Any

from max._interpreter_ops import gc_compile, reduce_axis_gc
from max.driver import Buffer, Device
from max.dtype import DType
from max.graph import DeviceRef, Graph, Module, TensorType, ops

NEEDED = [
    (reduce_axis_gc, "_FAMILY"),
    (reduce_axis_gc, "_is_supported"),
    (gc_compile, "canonical_rank2"),
    (gc_compile.GCOpFamily, "model_for"),
]
"""What MAX must have."""
SOFTMAX = ("ReduceSoftmaxOp", "MoReduceSoftmaxOp")
"""The operation, by the names of its classes."""


def softmax(op: Any, given: Buffer | None) -> Buffer | None:
    """What the operation makes of its operand; None of another axis."""
    if given is None or not given.shape:
        return None
    is_last = op.axis in (-1, len(given.shape) - 1)
    if not is_last or not reduce_axis_gc._is_supported(type(op), given.device, given.dtype):
        return None
    rows = given.view(given.dtype, gc_compile.canonical_rank2(given.shape))
    (result,) = _model(given.device, given.dtype)(rows)
    return result.view(given.dtype, given.shape)


def _model(device: Device, dtype: DType) -> Any:
    """The kernel, which is compiled if it has not been."""
    key = f"softmax_last_axis_{device.label}_{device.id}_{dtype.name}"
    family = reduce_axis_gc._FAMILY

    def build(module: Module) -> None:
        kind = TensorType(dtype, ["rows", "columns"], DeviceRef.from_device(device))
        with Graph(key, input_types=[kind], module=module) as graph:
            graph.output(ops.softmax(graph.inputs[0].tensor, axis=-1))

    found = family.cache.get(key)
    return found or family.model_for(key, device, build, unsupported_reason=lambda: None)
