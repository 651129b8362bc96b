"""The candidate's operations in a stretch of its code, with their values."""

from dataclasses import dataclass
from functools import cached_property

import torch
from max.driver import Buffer
from torch import Tensor

from debug.candidate import max_internals
from debug.candidate.buffers import to_torch
from debug.candidate.max_internals import ValueKey
from debug.candidate.program import Program
from debug.protocol.values import Place


@dataclass(frozen=True)
class Operation:
    """One operation that makes a tensor of numbers; those that make shapes are left out."""

    name: str
    place: Place | None
    operands: tuple[int, ...]
    """The operations of the stretch that it uses, by their places in the list."""
    value: Tensor
    fed: bool
    """Whether it depends on what goes into the stretch, not on weights alone."""

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
    makers: dict[ValueKey, int] = {}
    fed = set(known)
    for index in indices:
        op, operands = program.body[index], program.operands(index)
        name, value = max_internals.describe(op), _numbers(op, slots)
        if value is None or name.startswith("constant"):
            continue
        used = tuple(makers[key] for key in operands if key in makers)
        is_fed = not fed.isdisjoint(operands)
        place = max_internals.place_of(op)
        makers.update({result: len(found) for result in op.results})
        if is_fed:
            fed.update(op.results)
        where = Place(*place) if place else None
        found.append(Operation(name, where, used, value, is_fed))
    buffer = slots.get(end)
    if buffer is None:
        buffer = program.evaluate(end, kept)
    return found, to_torch(buffer)


def _numbers(op: max_internals.Op, slots: dict[ValueKey, Buffer | None]) -> Tensor | None:
    """What an operation made, if it is a tensor of floating point numbers."""
    for result in op.results:
        kind = max_internals.tensor_type(result)
        buffer = slots.get(result)
        if kind is not None and kind.dtype.is_float() and buffer is not None:
            return to_torch(buffer)
    return None
