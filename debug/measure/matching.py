"""Whether a value of the candidate is one of the reference's, up to rounding and layout.

Names say nothing across two frameworks, so values are matched by their numbers. Two
tensors match if the norm of their difference is what rounding explains at that point,
tried in the same order of axes first and then in any order that fits the shape. Norms are
compared before anything else, which rules out almost every pair at once.

A transposed match that the shape does not show, such as a square matrix, is suspicious:
the numbers are there, and whoever reads them reads nonsense.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from math import prod

import torch
from torch import Tensor

from debug.measure.layout import is_merged, is_regrouped, permutations_between
from debug.protocol.verdict import FLOAT32_HALF_ULP, LAYER

MASKED = 1e30
"""What is lower than its negative is masked: minus infinity, or a type's lowest number."""
UNMASKED = MASKED * 2**-53
"""Two masked values that differ at all differ by more."""

NEARER = 0.5
"""Another order of the axes must bring a value nearer than this part of its distance."""
MOST_AXES = 4
"""Of a value that is taken apart: six axes have 720 orders."""


@dataclass(frozen=True, eq=False)
class Sought:
    """One of the reference's values, as something to look for in the candidate."""

    label: str
    value: Tensor
    """In float64, without axes of one."""
    norm: float
    floor: float
    """How far the candidate's precision takes the reference itself from it."""

    @classmethod
    def of(cls, label: str, value: Tensor, rounded: Tensor) -> "Sought":
        value, rounded = value.double().squeeze(), rounded.double().squeeze()
        norm = norm_of(value)
        # What the precision is too narrow for says nothing of its rounding.
        overflowed = torch.isfinite(value) & ~torch.isfinite(rounded)
        error = distance(torch.where(overflowed, value, rounded), value)
        relative = error / norm if norm > 0 else 0.0
        return cls(label, value, norm, max(relative, FLOAT32_HALF_ULP))

    @property
    def limit(self) -> float:
        """The largest norm of an error that is rounding."""
        return LAYER.watch_up_to * self.floor * self.norm


@dataclass(frozen=True)
class Match:
    sought: Sought
    axes: tuple[int, ...] | None
    """The order of the axes in the candidate, where it is another one."""
    misjoined: bool = False
    """Whether its axes are joined, and in none of the orders in which the reference has
    them joined, though it has a value of that shape and size."""

    def __str__(self) -> str:
        return f"equals {self.sought.label}" + (" transposed" if self.axes else "")

    @property
    def suspicious(self) -> bool:
        """Transposed without a sign of it in the shape: whoever reads it reads nonsense."""
        sizes = self.sought.value.shape
        if self.misjoined:
            return True
        return self.axes is not None and [sizes[a] for a in self.axes] == list(sizes)


def find(value: Tensor, sought: Iterable[Sought], split: bool = False) -> list[Match]:
    """The reference's values that this is, those in the same order of axes first.

    Args:
        value: the candidate's.
        sought: the reference's.
        split: whether its axes may be split where the reference's are not. Of what only
            lays numbers out, that may be the mistake.
    """
    value = value.double().squeeze()
    norm = norm_of(value)
    near = [
        each
        for each in sought
        if prod(each.value.shape) == value.numel() and abs(each.norm - norm) <= each.limit
    ]
    same = [
        Match(each, None)
        for each in near
        if each.value.shape == value.shape and _equal(value, each.value, each.limit)
    ]
    transposed = [
        Match(each, axes)
        for each in near
        for axes in reorderings(each.value.shape, value.shape)
        if _equal(value, each.value.permute(axes), each.limit)
    ]
    alike = [each for each in near if sorted(each.value.shape) == sorted(value.shape)]
    joined = [
        Match(each, None, misjoined=bool(alike) and not same and not transposed)
        for each in near
        if value.ndim < each.value.ndim
        and any(
            _equal(laid, each.value, each.limit) for laid in _taken_apart(value, each.value)
        )
    ]
    joined += [
        Match(each, None)
        for each in near
        if split
        and value.ndim > each.value.ndim
        and is_merged(value.shape, each.value.shape)
        and _equal(value.reshape(each.value.shape), each.value, each.limit)
    ]
    return same + transposed + joined


def _taken_apart(value: Tensor, wanted: Tensor) -> Iterator[Tensor]:
    """A value whose axes are those of another in some order, some of them joined."""
    if value.numel() != wanted.numel() or wanted.ndim > MOST_AXES:
        return
    few, many = sorted((value, wanted), key=lambda each: each.ndim)
    if few.ndim == many.ndim or many.ndim > MOST_AXES:
        return
    for axes in permutations(range(many.ndim)):
        shape = [many.shape[a] for a in axes]
        if not is_merged(shape, few.shape):
            continue
        if many is wanted:
            yield value.reshape(shape).permute([axes.index(a) for a in range(len(axes))])
        else:
            yield value.permute(axes).reshape(wanted.shape)


def reorderings(given: Sequence[int], wanted: Sequence[int]) -> list[tuple[int, ...]]:
    """The permutations but the identity that bring one shape into another."""
    same = tuple(range(len(given)))
    return [axes for axes in permutations_between(given, wanted) if axes != same]


def in_shape_of(value: Tensor, wanted: Tensor) -> Tensor | None:
    """A value of the candidate in the reference's layout, without axes of one.

    None where it has another shape altogether. Of several ways that fit, as in a square
    image, the one that comes nearest; but what is wrong comes near in none of them, and
    then its numbers stay in their order if they can.
    """
    value, wanted = value.double().squeeze(), wanted.squeeze()
    if value.shape == wanted.shape:
        return value
    found = [value.permute(axes) for axes in reorderings(value.shape, wanted.shape)]
    found += _taken_apart(value, wanted)
    in_order = None
    if is_regrouped(value.shape, wanted.shape):
        in_order = value.reshape(wanted.shape)
    if len(found) < 2:
        return found[0] if found else in_order
    nearest = min(found, key=lambda each: distance(each, wanted))
    if in_order is None or distance(nearest, wanted) < NEARER * distance(in_order, wanted):
        return nearest
    return in_order


def multiple_of(value: Tensor, sought: Sought) -> float | None:
    """Which number times one of the reference's values a value is, if it is that."""
    laid, exact = in_shape_of(value, sought.value), sought.value
    if laid is None or not sought.norm or not math.isfinite(sought.norm):
        return None
    factor = ((laid * exact).sum() / sought.norm**2).item()
    error = distance(laid, factor * exact)
    is_that = factor and error <= LAYER.watch_up_to * sought.floor * norm_of(laid)
    return factor if is_that else None


def _equal(value: Tensor, other: Tensor, limit: float) -> bool:
    return distance(value, other) <= limit


def norm_of(value: Tensor) -> float:
    """Of all but what a mask has made too large to count, in float64."""
    if not value.is_floating_point() or value.itemsize == 1:
        value = value.double()
    found = torch.linalg.vector_norm(value, dtype=torch.float64).item()
    if found < MASKED:
        return found
    return torch.where(value.abs() < MASKED, value, 0.0).double().norm().item()


def distance(value: Tensor, other: Tensor) -> float:
    """The norm of the difference, where one mask's minus infinity is another's -1e38."""
    found = (value - other).norm().item()
    if found < UNMASKED:
        return found
    masked, as_well = value <= -MASKED, other <= -MASKED
    return torch.where(masked & as_well, 0.0, value - other).norm().item()


def relative_error(value: Tensor, exact: Tensor) -> float:
    norm = exact.norm().item()
    error = (value - exact).norm().item()
    return error / norm if norm > 0 else (0.0 if error == 0 else float("inf"))


def share_explained(value: Tensor, exact: Tensor, supposed: Tensor) -> float:
    """The share of the error's energy that a hypothesis accounts for, from 0 to 1.

    With m the candidate, r the reference and s what a hypothesis makes of r:
    1 - ||m - s||^2 / ||m - r||^2.
    """
    error = (value - exact).norm().item() ** 2
    if error == 0 or supposed.shape != value.shape:
        return 0.0
    left = (value - supposed).norm().item() ** 2
    return max(1 - left / error, 0.0) if math.isfinite(left) else 0.0
