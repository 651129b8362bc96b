"""The candidate's operations in a stretch of its code, with their values."""

from dataclasses import dataclass
from functools import cached_property

import torch
from max.driver import Buffer
from torch import Tensor

from debug import internals
from debug.internals import ValueKey
from debug.interpreter import to_torch
from debug.program import Program
from debug.protocol import Place


@dataclass(frozen=True)
class Operation:
    """One operation that makes a tensor of numbers; those that make shapes are left out."""

    name: str
    place: Place | None
    operands: tuple[int, ...]
    """The operations of the stretch that it uses, by their places in the list."""
    value: Tensor

    @cached_property
    def finite(self) -> bool:
        return bool(torch.isfinite(self.value).all())


def operations(
    program: Program, known: dict[ValueKey, Buffer], end: ValueKey, kept: dict[str, Buffer]
) -> tuple[list[Operation], Tensor]:
    """What computes a value of the candidate from values that are known.

    Returns:
        The operations in order, and the value.
    """
    indices, slots = program.between(known, end, kept)
    found: list[Operation] = []
    makers: dict[ValueKey, tuple[int, ...]] = {}
    for index in indices:
        op = program.body[index]
        used = {m for key in program.operands(index) for m in makers.get(key, ())}
        value = _numbers(op, slots)
        if value is None or internals.describe(op).startswith("constant"):
            makers.update({result: tuple(used) for result in op.results})
            continue
        place = internals.place_of(op)
        operation = Operation(
            internals.describe(op), Place(*place) if place else None, tuple(used), value
        )
        makers.update({result: (len(found),) for result in op.results})
        found.append(operation)
    buffer = slots.get(end)
    if buffer is None:
        buffer = program.evaluate(end, kept)
    return found, to_torch(buffer)


def _numbers(op: internals.Op, slots: dict[ValueKey, Buffer | None]) -> Tensor | None:
    """What an operation made, if it is a tensor of floating point numbers."""
    for result in op.results:
        kind = internals.tensor_type(result)
        buffer = slots.get(result)
        if kind is not None and kind.dtype.is_float() and buffer is not None:
            return to_torch(buffer)
    return None
