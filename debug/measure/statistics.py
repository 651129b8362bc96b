"""Mean, std, range and the count of NaN and Inf: what a person expects to see.

They are shown beside every layer and never decide. Permuted channels, swapped heads and a
spectrogram in another unit leave them as they were, and once sent a whole project after a
bug that was not there. To show another statistic, add a field to `Stats` in
``debug/protocol/values.py``, and its value here.
"""

import math

import torch
from torch import Tensor

from debug.protocol.values import Stats


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
    mean = total / wide.numel()
    # Var = E[x^2] - E[x]^2 cancels only where std is 1e-7 of the mean: float64 is enough.
    variance = wide.norm().item() ** 2 / wide.numel() - mean**2
    std = math.sqrt(max(variance, 0.0)) if high > low else 0.0
    return Stats(shape, dtype, mean, std, low, high, nonfinite)


def finite(number: float) -> float | None:
    """A number as JSON may have it: None for NaN and Inf."""
    return number if math.isfinite(number) else None
