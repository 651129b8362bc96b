"""Operations of the candidate that may be meant for one of the reference's values."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from debug.candidate.operations import OperationIndex
from debug.causes.hypotheses.axes import Axes, axes_of, unnamed
from debug.causes.hypotheses.fit import Support, supports
from debug.causes.segment import Segment
from debug.measure.matching import Sought, in_shape_of, norm_of
from debug.reference.recording import ValueId

FITTED = 5
"""How many are examined for what was done to them."""
LARGE = 1_000_000
"""Of values with more numbers no more are looked at than the first ones and the last."""
FIRST = 2
"""Of them so many in order, whatever they are like."""


@dataclass(frozen=True)
class Counterpart:
    operation: OperationIndex
    value: Tensor
    """In the reference's layout."""
    supports: list[Support]
    """Where it differs, if that is in few places."""
    alike: float
    """Its cosine with the reference's value."""


def counterparts_of(
    segment: Segment, exact: Sought, wrong: Sequence[OperationIndex]
) -> list[Counterpart]:
    found = []
    for index in wrong:
        segment.pause()
        op = segment.operations[index]
        laid = None if op.has_nan else in_shape_of(op.value, exact.value)
        if laid is not None and not _is_one_number(laid, exact.value):
            local = supports(laid, exact.value, exact.limit)
            found.append(Counterpart(index, laid, local, _cosine(laid, exact)))
    return found


def _cosine(value: Tensor, exact: Sought) -> float:
    norms = norm_of(value) * exact.norm
    return (value * exact.value).sum().item() / norms if norms else 0.0


def _is_one_number(value: Tensor, exact: Tensor) -> bool:
    """A constant that is the same everywhere was meant for no value; zeros may be."""
    if value.numel() == 0 or exact.numel() <= 1:
        return False
    return bool(value.min() == value.max()) and bool(value.any())


def few(counterparts: Sequence[Counterpart]) -> Sequence[Counterpart]:
    """The first, which the mistake is nearest to, the last, which has all of it, and those
    that are most like the right value; each value once, whatever passes it on."""
    different = list(counterparts[:1])
    for before, each in pairwise(counterparts):
        if not torch.equal(before.value, each.value):
            different.append(each)
    is_large = bool(different) and different[0].value.numel() > LARGE
    most = FIRST + 1 if is_large else FITTED
    if len(different) <= most:
        return different
    between = sorted(different[FIRST:-1], key=lambda each: -each.alike)
    chosen = {each.operation for each in between[: most - FIRST - 1]}
    return [
        each
        for number, each in enumerate(different)
        if number < FIRST or number == len(different) - 1 or each.operation in chosen
    ]


def named_axes(segment: Segment, value: ValueId) -> Axes:
    """What a person calls them; of a kernel they have no such names."""
    exact = segment.recording.values[value]
    if value in segment.recording.weights and exact.ndim > 2:
        return unnamed(exact.squeeze().ndim)
    return axes_of(exact, segment.rows, segment.row, segment.image)
