"""All sums of a comparison in one pass over both sides.

Each sum by itself reads tens of megabytes from memory, and there are a dozen of them. So
both sides are gone through in pieces that stay in the processor's cache, and of each piece
everything is summed before the next one is read: four times as fast at the size of
Whisper's ``tiny``.

This is for ordinary numbers. Where a sum is NaN or Inf, or so large or small that squares
lose it, there is no result, and whoever asked takes the careful way
(`debug.measure.divergence`).
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from debug.measure.truth import SQUARED_WELL, Norms, frames_and_channels

PIECE = 1 << 15
"""Numbers of one piece: 256 KB in float64, of which a core's cache holds a few."""


@dataclass(frozen=True)
class Sums:
    """Of a value, and of its difference from the exact one; all in float64."""

    total: float
    low: float
    high: float
    norm: float
    """L2, of the value."""
    errors: Norms
    """Of the difference."""
    largest: float
    """The largest difference."""
    at: int
    """Where that is, counted as if there were one axis."""


def sums(value: Tensor, exact: Tensor) -> Sums | None:
    """
    Args:
        value: of any floating point type.
        exact: in float64, of the same shape.

    Returns:
        None where these numbers need more care, or there are none.
    """
    if not exact.numel() or not value.is_floating_point():
        return None
    outer, frames, channels = frames_and_channels(exact.shape)
    values, exacts = value.reshape(-1, channels), exact.reshape(-1, channels)
    rows = torch.empty(outer * frames, dtype=torch.float64)
    columns = torch.zeros(channels, dtype=torch.float64)
    total, squares, low, high = 0.0, 0.0, math.inf, -math.inf
    largest, at = -1.0, 0
    step = max(PIECE // channels, 1)
    for start in range(0, len(rows), step):
        piece = values[start : start + step].double()
        bounds = torch.stack(torch.aminmax(piece)).tolist()
        low, high = min(low, bounds[0]), max(high, bounds[1])
        total += piece.sum().item()
        flat = piece.reshape(-1)
        squares += flat.dot(flat).item()
        difference = piece - exacts[start : start + step]
        worst = max(-(extremes := torch.aminmax(difference))[0].item(), extremes[1].item())
        if worst > largest:
            largest = worst
            at = start * channels + int(difference.abs().argmax())
        squared = difference.square_()
        torch.sum(squared, 1, out=rows[start : start + step])
        columns += squared.sum(0)
    errors = Norms(rows.reshape(outer, frames).sum(0).sqrt(), columns.sqrt())
    norm = math.sqrt(squares) if squares >= 0 else math.nan
    if not (_is_well(norm, max(-low, high)) and _is_well(errors.total, largest)):
        return None
    return Sums(total, low, high, norm, errors, largest, at)


def _is_well(norm: float, largest: float) -> bool:
    """Whether no square of what it is the norm of has vanished, or overflowed."""
    low, high = SQUARED_WELL
    return norm == largest == 0 or low < norm < high
