"""The operations by which the candidate computes a value, each with its own value."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NewType

import torch
from max.driver import Buffer
from torch import Tensor

from debug.candidate import max_internals
from debug.candidate.buffers import to_torch
from debug.candidate.kept_values import KeptValues
from debug.candidate.max_internals import ValueKey
from debug.candidate.program import Program
from debug.measure.layout import without_ones
from debug.protocol.values import Place

LAYS_OUT = ("reshape", "transpose", "slice", "split", "broadcast_to", "cast")
"""Operations that make no new numbers."""
OperationIndex = NewType("OperationIndex", int)
"""The place of an operation in its `Evaluation`."""


@dataclass(frozen=True)
class Operation:
    """One operation that makes a tensor of numbers; those that make shapes are left out.
    Of one that makes several, such as ``split``, each is an operation of its own."""

    name: str
    place: Place | None
    operands: tuple[OperationIndex, ...]
    """The operations that it uses."""
    value: Tensor
    from_input: bool
    """Whether it depends on what was given, not on weights alone."""
    called_from: tuple[Place, ...] = ()
    """The lines that lead to ``place``, the nearest call first."""
    parts: tuple[OperationIndex, ...] = ()
    """The operations that it stands for, where it is none itself
    (`debug.causes.heads_apart`)."""

    is_fixed: bool = False
    """Whether it is made of weights and constants alone."""

    @property
    def numbers(self) -> Tensor:
        """The value where PyTorch can compute with it: it has no functions of 8 bits."""
        return self.value.float() if self.value.itemsize == 1 else self.value

    @property
    def lays_out(self) -> bool:
        """Whether it makes no new numbers."""
        return self.name.rpartition(".")[2] in LAYS_OUT

    @cached_property
    def finite(self) -> bool:
        return bool(torch.isfinite(self.numbers).all())

    @cached_property
    def has_nan(self) -> bool:
        return bool(torch.isnan(self.numbers).any())


@dataclass(frozen=True)
class Evaluation:
    """How a value of the candidate came about."""

    operations: list[Operation]
    """In order."""
    value: Tensor
    maker: OperationIndex | None
    """The operation that made it; None if it was given."""


def evaluation(
    program: Program,
    given: dict[ValueKey, Buffer],
    end: ValueKey,
    kept: KeptValues,
    tables: Collection[tuple[int, ...]] = (),
) -> Evaluation:
    """Computes a value of the candidate from values that are given, and keeps each step.

    Args:
        program: the candidate.
        given: where it starts.
        end: what is computed.
        kept: what was computed before.
        tables: the sizes, without ones, of constants that count as operations.
    """
    indices, slots = program.between(given, end, kept)
    found: list[Operation] = []
    makers: dict[ValueKey, OperationIndex] = {}
    from_input = set(given)
    for index in indices:
        op, operands = program.body[index], program.flow.operands[index]
        name = max_internals.describe(op)
        if name.startswith("constant") and not _is_table(op, slots, tables):
            continue
        used = tuple(makers[key] for key in operands if key in makers)
        depends = not from_input.isdisjoint(operands)
        places = tuple(Place(*each) for each in max_internals.places_of(op))
        where, calls = next(iter(places), None), places[1:]
        for key, value in _numbers(op, slots):
            if key in given:
                continue
            makers[key] = OperationIndex(len(found))
            if depends:
                from_input.add(key)
            fixed = program.is_fixed(key)
            made = Operation(name, where, used, value, depends, calls, is_fixed=fixed)
            found.append(made)
    buffer = slots.get(end)
    if buffer is None:
        buffer = program.evaluate(end, kept)
    return Evaluation(found, to_torch(buffer), makers.get(end))


def _is_table(
    op: max_internals.Op,
    slots: dict[ValueKey, Buffer | None],
    tables: Collection[tuple[int, ...]],
) -> bool:
    """Whether a constant of the source may be a table that the reference works out."""
    if not tables or max_internals.weight_name(op) is not None:
        return False
    sizes = (tuple(without_ones(value.shape)) for _, value in _numbers(op, slots))
    return any(each and each in tables for each in sizes)


def _numbers(
    op: max_internals.Op, slots: dict[ValueKey, Buffer | None]
) -> Iterator[tuple[ValueKey, Tensor]]:
    """What an operation made, as far as it is tensors of floating point numbers."""
    for result in op.results:
        kind = max_internals.tensor_type(result)
        buffer = slots.get(result)
        if kind is not None and kind.dtype.is_float() and buffer is not None:
            yield result, to_torch(buffer)


def leading_to(
    index: int, operations: Sequence[Operation], up_to: Collection[int] = ()
) -> set[int]:
    """An operation and all that it is made of, up to some that are not gone into."""
    found, pending = set[int](), [index]
    while pending:
        each = pending.pop()
        if each not in found:
            found.add(each)
            if each not in up_to:
                pending.extend(operations[each].operands)
    return found
