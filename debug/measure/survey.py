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
        error = self.difference.abs()
        if _is_finite(error):
            return error
        same = ~torch.isfinite(self.reference) & ~torch.isfinite(self.candidate)
        return torch.where(same, 0.0, error)

    @cached_property
    def typical(self) -> float:
        """The root mean square of the reference's finite values."""
        whole = _finite(self.reference)
        return whole.norm().item() / math.sqrt(whole.numel()) if whole.numel() else 0.0


def _is_finite(value: Tensor) -> bool:
    """One pass, and none an element: a sum of millions has no room for an Inf."""
    return math.isfinite(value.sum().item())


def _finite(value: Tensor) -> Tensor:
    """The finite elements, one after the other."""
    return value.flatten() if _is_finite(value) else value[torch.isfinite(value)]


def worst_at(sides: Sides) -> list[int]:
    """The element that is off by most; of those that are NaN or Inf the first."""
    error = _infinite_for_nan(sides.error)
    return position(int(error.argmax()), error.shape) if error.numel() else []


def _infinite_for_nan(error: Tensor) -> Tensor:
    return error if _is_finite(error) else torch.nan_to_num(error, nan=math.inf)


def histogram(sides: Sides, bins: int = BINS) -> Histogram:
    """Both sides on the range that holds the finite values of both, and how they occur
    together: a scatter, whose margins the two histograms are where all is finite."""
    both = [_finite(side) for side in (sides.reference, sides.candidate)]
    ends = [torch.aminmax(side) for side in both if side.numel()]
    low = min((end.min.item() for end in ends), default=0.0)
    high = max((end.max.item() for end in ends), default=0.0)
    if low == high:
        ones = ([side.numel()] + [0] * (bins - 1) for side in both)
        return Histogram(low, high, next(ones), next(ones))
    reference, candidate = (_steps(side, low, high, bins) for side in both)
    counts = [torch.bincount(x, minlength=bins).tolist() for x in (reference, candidate)]
    if not reference.numel() == candidate.numel() == sides.reference.numel():
        x, y = _finite_on_both(sides)
        reference, candidate = (_steps(side, low, high, bins) for side in (x, y))
    together = candidate.mul_(bins).add_(reference)
    scatter = torch.bincount(together, minlength=bins * bins).reshape(bins, bins)
    return Histogram(low, high, counts[0], counts[1], scatter.tolist())


def _steps(values: Tensor, low: float, high: float, bins: int) -> Tensor:
    """The bin of each value."""
    scaled = (values.float() - low).mul_(bins / (high - low))
    return scaled.to(torch.int32).clamp_(0, bins - 1)


def _finite_on_both(sides: Sides) -> tuple[Tensor, Tensor]:
    x, y = sides.reference.flatten(), sides.candidate.flatten()
    if _is_finite(x) and _is_finite(y):
        return x, y
    known = torch.isfinite(x) & torch.isfinite(y)
    return x[known], y[known]


def quantiles(sides: Sides) -> list[Quantile]:
    """What shares of the values are off by at most, NaN and Inf left out."""
    errors = _finite(sides.error).numpy()
    if not errors.size:
        return []
    places = [math.ceil(share * errors.size) - 1 for share in SHARES]
    ordered = np.partition(errors, places)
    found = zip(SHARES, places, strict=True)
    return [Quantile(share, float(ordered[place])) for share, place in found]


def line_through(sides: Sides) -> tuple[float | None, float | None]:
    """Slope and intercept of the candidate over the reference, by least squares; None where
    the reference has one value only."""
    x, y = _finite_on_both(sides)
    if not x.numel():
        return None, None
    mean_x, mean_y = x.mean(), y.mean()
    away = x - mean_x
    spread = torch.dot(away, away).item()
    if spread == 0:
        return None, None
    slope = torch.dot(away, y - mean_y).item() / spread
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
    kinds = slices_of(slice_norms(error), sides.truth, sides.dtype)
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
    part = _infinite_for_nan(error.narrow(axis, begin, width))
    at = position(int(part.argmax()), part.shape)
    at[axis] += begin
    return at
