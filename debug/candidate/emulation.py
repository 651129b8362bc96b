"""float16 and its like on the CPU, emulated by rounding.

MAX's interpreter computes in float16 and bfloat16 on GPUs only. On the CPU it has float32
and float64, and MAX's compiler, which has the others, takes a minute for one cast. So here
an operation on narrow values, as those of fewer than 32 bits are called, runs in float32,
and its result is rounded::

    bfloat16  ->  float32  -- the interpreter's matmul -->  float32  ->  bfloat16

That is what a GPU does, but for the order in which it sums: its kernels compute in float32
what they read and write in 16 bits. What lies beyond float16's 65,504 is Inf, as there.
Between two operations values are as narrow as in the port, so whatever looks at them sees
what it would see on a GPU. A cast has the same bits as MAX's own.

What the interpreter can't run in float32 either is compiled alone as it is, and not
emulated (`debug.candidate.preparation`). On a GPU nothing is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from max.driver import Buffer, Device
from max.dtype import DType
from max.graph import Graph

from debug.candidate import max_dispatch, max_internals, max_kernels
from debug.candidate.buffers import on_device, to_torch
from debug.candidate.lone_kernels import Cutter, LoneKernel
from debug.candidate.max_internals import Body, Op, ValueKey
from debug.candidate.max_kernels import Kernel

WIDE = DType.float32
NARROW = {
    dtype: getattr(torch, dtype.name)
    for dtype in DType
    if dtype.is_float() and dtype.size_in_bytes < WIDE.size_in_bytes
    if hasattr(torch, dtype.name)
}
"""What is emulated on the CPU, with PyTorch's names for it."""


def is_emulated(dtype: DType, device: Device) -> bool:
    """Whether what is computed there in that precision is emulated."""
    return device.is_host and dtype in NARROW


def computed_in(dtype: DType, device: Device) -> DType:
    """The precision of the kernels that a graph of a precision runs on."""
    return WIDE if is_emulated(dtype, device) else dtype


@dataclass(frozen=True)
class Emulated:
    """An operation on narrow values, and the same on wide ones."""

    kernel: LoneKernel
    """The operation, cut out."""
    wide: Body | None
    """What runs in its stead; None for a cast of one precision to another, where rounding
    is all there is to do."""
    dtypes: frozenset[str]
    """The precisions that are emulated."""

    def run(self, slots: dict[ValueKey, Buffer | None]) -> None:
        """Takes the operands out of slots, and puts the results into them."""
        given = [_widened(slots[value]) for value in self.kernel.arguments]
        made = given if self.wide is None else self._run_wide(self.wide, given)
        for key, buffer in zip(self.kernel.results, made, strict=True):
            slots[key] = _rounded(buffer, key)

    def _run_wide(self, wide: Body, given: Sequence[Buffer | None]) -> list[Buffer | None]:
        slots = dict(zip(wide.inputs, given, strict=True))
        for op in wide.operations:
            max_dispatch.dispatch(op, slots)
        return [slots[value] for value in wide.outputs]


@dataclass(frozen=True)
class Emulation:
    """What of a graph is emulated, by place, and what that needs."""

    operations: Mapping[int, Emulated]
    kernels: Sequence[Kernel]
    """Those that this process has not loaded."""

    @property
    def dtypes(self) -> list[str]:
        """The precisions that are emulated, by name."""
        return sorted({name for each in self.operations.values() for name in each.dtypes})


def emulation(body: Body, cutter: Cutter) -> Emulation:
    """Finds what to emulate in a lowered graph."""
    cut = {
        index: cutter.cut(op)
        for index, op in enumerate(body.operations)
        if _computes_in_narrow(op)
    }
    texts = {each.key: max_internals.widened(each.graph) for each in cut.values()}
    bodies = max_internals.bodies(max_kernels.parsed(list(texts.values()))) if cut else {}
    kernels: dict[str, Kernel] = {}
    found: dict[int, Emulated] = {}
    unfit = set()
    for key, wide in bodies.items():
        survey = max_kernels.survey(wide, {})
        if survey.refused:
            unfit.add(key)
        else:
            kernels.update({each.key: each for each in survey.kernels})
    for index, kernel in cut.items():
        op = body.operations[index]
        only_rounds = _is_cast_of_floats(op)
        if only_rounds or kernel.key not in unfit:
            wide = None if only_rounds else bodies[kernel.key]
            found[index] = Emulated(kernel, wide, frozenset(_narrow_types(op)))
    return Emulation(found, list(kernels.values()))


def narrow_in(graph: Graph) -> list[str]:
    """The precisions that would be emulated if a graph were interpreted, by name."""
    operations = max_internals.split_output(graph)[0]
    return sorted({name for op in operations for name in _narrow_types(op)})


def _computes_in_narrow(op: Op) -> bool:
    """Whether an operation makes something of narrow values on the CPU, or makes some.

    A condition or a loop would be rounded at its end only, so it is left to the compiler.
    """
    return bool(op.operands) and not len(op.regions) and bool(_narrow_types(op))


def _narrow_types(op: Op) -> set[str]:
    """The names of the precisions to emulate in an operation."""
    found = set()
    for value in (*max_internals.operands(op), *op.results):
        if not max_internals.has_narrow_type(max_internals.type_text(value)):
            continue
        kind = max_internals.tensor_type(value)
        if kind is None or not is_emulated(kind.dtype, kind.device.to_device()):
            return set()
        found.add(kind.dtype.name)
    return found


def _is_cast_of_floats(op: Op) -> bool:
    kinds = [
        max_internals.tensor_type(v) for v in (*max_internals.operands(op), *op.results)
    ]
    floats = all(kind is not None and kind.dtype.is_float() for kind in kinds)
    return max_internals.describe(op) == "cast" and floats


def _widened(buffer: Buffer | None) -> Buffer | None:
    if buffer is None or buffer.dtype not in NARROW:
        return buffer
    return on_device(to_torch(buffer).to(torch.float32), buffer.device)


def _rounded(buffer: Buffer | None, key: ValueKey) -> Buffer | None:
    """In the precision that the graph has there."""
    kind = max_internals.tensor_type(key)
    if buffer is None or kind is None or buffer.dtype == kind.dtype:
        return buffer
    precision = getattr(torch, kind.dtype.name)
    return on_device(to_torch(buffer).to(precision).contiguous(), buffer.device)
