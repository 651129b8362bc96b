"""All values of a layer, summed up for a person who looks for what is wrong with them.

A relative error is one number; where it sits and what shape it has say what went wrong. One
channel that is off is a weight, one frame an edge, a slope of 1.1 a factor, an intercept a
bias, and a largest error a thousand times the median one is a single bad place.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from debug.measure.divergence import position, slices_of
from debug.measure.statistics import finite
from debug.measure.truth import Truth, slice_norms
from debug.protocol.survey import Histogram, Quantile, WorstSlice, WorstSlices

BINS = 48
SHARES = 0.5, 0.99, 0.999, 1.0
MOST_SLICES = 12


@dataclass(frozen=True)
class Sides:
    """Both sides of one layer in float64 and of one shape."""

    truth: Truth
    reference: Tensor
    """Of two axes at least: a vector is one row."""
    candidate: Tensor
    dtype: str
    """What the candidate computed in."""

    @cached_property
    def difference(self) -> Tensor:
        return self.candidate - self.reference

    @cached_property
    def error(self) -> Tensor:
        """The size of the difference; NaN or Inf on both sides is none."""
        same = ~torch.isfinite(self.reference) & ~torch.isfinite(self.candidate)
        return torch.where(same, 0.0, self.difference.abs())

    @cached_property
    def typical(self) -> float:
        """The root mean square of the reference's finite values."""
        return _rms(self.reference)


def _rms(value: Tensor) -> float:
    whole = value[torch.isfinite(value)]
    return whole.square().mean().sqrt().item() if whole.numel() else 0.0


def worst_at(sides: Sides) -> list[int]:
    """The element that is off by most; of those that are NaN or Inf the first."""
    error = torch.nan_to_num(sides.error, nan=math.inf)
    return position(int(error.argmax()), error) if error.numel() else []


def histogram(sides: Sides, bins: int = BINS) -> Histogram:
    """Both sides on the range that holds the finite values of both."""
    both = [side[torch.isfinite(side)] for side in (sides.reference, sides.candidate)]
    some = [side for side in both if side.numel()]
    low = min((side.min().item() for side in some), default=0.0)
    high = max((side.max().item() for side in some), default=0.0)
    counts = [_counted(side, low, high, bins) for side in both]
    return Histogram(low, high, *counts)


def _counted(side: Tensor, low: float, high: float, bins: int) -> list[int]:
    if low == high:  # histc would widen the range
        return [side.numel()] + [0] * (bins - 1)
    counts = torch.histc(side, bins, low, high)
    return [int(count) for count in counts]


def quantiles(sides: Sides) -> list[Quantile]:
    """What shares of the values are off by at most, NaN and Inf left out."""
    errors = sides.error[torch.isfinite(sides.error)].numpy()
    if not errors.size:
        return []
    places = [math.ceil(share * errors.size) - 1 for share in SHARES]
    ordered = np.partition(errors, places)
    found = zip(SHARES, places, strict=True)
    return [Quantile(share, float(ordered[place])) for share, place in found]


def line_through(sides: Sides) -> tuple[float | None, float | None]:
    """Slope and intercept of the candidate over the reference, by least squares; None where
    the reference has one value only."""
    known = torch.isfinite(sides.reference) & torch.isfinite(sides.candidate)
    every = bool(known.all())
    x = sides.reference.flatten() if every else sides.reference[known]
    y = sides.candidate.flatten() if every else sides.candidate[known]
    if not x.numel():
        return None, None
    mean_x, mean_y = x.mean(), y.mean()
    away = x - mean_x
    spread = away.square().sum().item()
    if spread == 0:
        return None, None
    slope = (away * (y - mean_y)).sum().item() / spread
    return finite(slope), finite(mean_y.item() - slope * mean_x.item())


def worst_slices(
    sides: Sides, names: Mapping[str, str], most: int = MOST_SLICES
) -> list[WorstSlices]:
    """The slices of each kind that there are several of, the largest R first.

    Args:
        sides: of the layer.
        names: what a frame, a channel and a head are called there.
        most: of one kind.
    """
    error = sides.error
    if sides.truth.exact.ndim < 2:
        return []
    kinds = slices_of(slice_norms(error.square()), sides.truth, sides.dtype)
    found = []
    for kind, name in names.items():
        slices = kinds.get(kind)
        if slices is None or len(slices.errors) < 2:
            continue
        ratios = torch.nan_to_num(slices.ratios(), nan=math.inf)
        axis = error.ndim - (2 if kind == "frame" else 1)
        width = error.shape[axis] // len(ratios)
        order = [int(i) for i in ratios.argsort(descending=True)[:most] if ratios[i] > 0]
        worst = [
            WorstSlice(
                index,
                finite(ratios[index].item()),
                finite(slices.relative(index)),
                _worst_within(error, axis, index * width, width),
            )
            for index in order
        ]
        found.append(WorstSlices(name, axis, worst))
    return found


def _worst_within(error: Tensor, axis: int, begin: int, width: int) -> list[int]:
    """The element that is off by most within some places of an axis."""
    part = torch.nan_to_num(error.narrow(axis, begin, width), nan=math.inf)
    at = position(int(part.argmax()), part)
    at[axis] += begin
    return at
