"""One weight of the port beside PyTorch's: the same numbers, in which layout, or not.

A weight is not rounded on its way, but for the port's precision. So a weight that is a
little off is no less wrong than one that is far off, and what is compared is every bit.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from debug.measure.layout import nearest
from debug.measure.matching import relative_error, reorderings
from debug.measure.statistics import finite
from debug.protocol.verdict import FLOAT32_HALF_ULP, HALF_ULP
from debug.protocol.weights import Likeness

ROUNDINGS = 4
"""How many half units in the last place still are rounding: a table may be computed."""


@dataclass(frozen=True)
class Likened:
    likeness: Likeness
    layout: str = ""
    error: float | None = None


def likened(reference: Tensor, candidate: Tensor) -> Likened:
    """
    Args:
        reference: PyTorch's weight.
        candidate: the port's, in any layout and precision.
    """
    theirs = reference.to(candidate.dtype)
    for layout, laid in _laid(theirs, candidate):
        if torch.equal(laid, candidate):
            return Likened(Likeness.EQUAL, layout)
    if theirs.numel() == candidate.numel() and _sorted_alike(theirs, candidate):
        return Likened(Likeness.OTHER_ORDER)
    error = _error(reference, candidate)
    name = str(candidate.dtype).removeprefix("torch.")
    limit = ROUNDINGS * HALF_ULP.get(name, FLOAT32_HALF_ULP)
    small = error is not None and error <= limit
    return Likened(Likeness.ROUNDED if small else Likeness.DIFFERENT, error=error)


def _laid(theirs: Tensor, candidate: Tensor) -> Iterator[tuple[str, Tensor]]:
    """PyTorch's weight in every layout of the candidate's shape."""
    if theirs.shape == candidate.shape:
        yield "", theirs
    for axes in reorderings(theirs.shape, candidate.shape):
        order = ", ".join(str(axis) for axis in axes)
        yield "transposed" if axes == (1, 0) else f"axes {order}", theirs.permute(axes)
    if theirs.shape != candidate.shape and theirs.numel() == candidate.numel():
        yield "reshaped", theirs.reshape(candidate.shape)


def _sorted_alike(one: Tensor, other: Tensor) -> bool:
    def ordered(value: Tensor) -> Tensor:
        return value.float().flatten().sort().values

    return torch.equal(ordered(one), ordered(other))


def _error(reference: Tensor, candidate: Tensor) -> float | None:
    """Of the layout that comes nearest; None where none fits."""
    exact = reference.double()
    laid = nearest(candidate.double(), exact)
    return finite(relative_error(laid, exact)) if laid.shape == exact.shape else None
