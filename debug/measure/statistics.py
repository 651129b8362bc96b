"""Mean, std, range and the count of NaN and Inf: what a person expects to see.

They are shown beside every layer and never decide. Permuted channels, swapped heads and a
spectrogram in another unit leave them as they were, and once sent a whole project after a
bug that was not there. To show another statistic, add a field to `Stats` in
``debug/protocol/statistics.py``, and its value here.
"""

import math

import torch
from torch import Tensor

from debug.protocol.statistics import Stats

Bounds = tuple[float, float]


def describe(value: Tensor, wide: Tensor | None = None) -> Stats:
    """The statistics that a person expects to see. They never decide.

    Args:
        value: the tensor.
        wide: the same in float64, if it is at hand.
    """
    wide = value.double() if wide is None else wide
    shape, dtype = list(value.shape), str(value.dtype).removeprefix("torch.")
    nonfinite = 0
    total = wide.sum().item()
    if not math.isfinite(total):  # one pass instead of one an element
        finite_part = wide[torch.isfinite(wide)]
        nonfinite, wide = wide.numel() - finite_part.numel(), finite_part
        total = wide.sum().item()
    if wide.numel() == 0:
        return Stats(shape, dtype, None, None, None, None, nonfinite)
    low, high = (bound.item() for bound in torch.aminmax(wide))
    mean, std = _mean_and_std(wide, total, max(-low, high))
    return Stats(shape, dtype, mean, std if high > low else 0.0, low, high, nonfinite)


def describe_sums(value: Tensor, total: float, norm: float, bounds: Bounds) -> Stats:
    """The same of finite values that were summed already.

    Args:
        value: the tensor.
        total: the sum, in float64.
        norm: L2, in float64.
        bounds: the lowest and the highest.
    """
    low, high = bounds
    mean = total / value.numel()
    variance = norm**2 / value.numel() - mean**2
    if variance < CANCELS * mean**2:
        return describe(value)
    std = math.sqrt(variance) if high > low else 0.0
    dtype = str(value.dtype).removeprefix("torch.")
    return Stats(list(value.shape), dtype, mean, std, low, high, 0)


SQUARED_WELL = 1e-140, 1e140
"""Magnitudes whose square neither vanishes in float64 nor overflows there."""
CANCELS = 1e-3
"""The share of the mean's square below which a variance has lost digits to it."""


def _mean_and_std(wide: Tensor, total: float, largest: float) -> tuple[float, float]:
    """Exact to 1e-12, for any finite values.

    Args:
        wide: the values, at least one, in float64.
        total: their sum.
        largest: the largest magnitude among them.
    """
    low, high = SQUARED_WELL
    if largest != 0 and not low < largest < high:
        scaled = wide / largest
        mean, std = _mean_and_std(scaled, scaled.sum().item(), 1.0)
        return mean * largest, std * largest
    mean = total / wide.numel()
    variance = wide.norm().item() ** 2 / wide.numel() - mean**2
    if variance < CANCELS * mean**2:
        return mean, (wide - mean).norm().item() / math.sqrt(wide.numel())
    return mean, math.sqrt(max(variance, 0.0))


def finite(number: float) -> float | None:
    """A number as JSON may have it: None for NaN and Inf."""
    return number if math.isfinite(number) else None
