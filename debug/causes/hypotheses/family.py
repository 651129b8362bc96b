"""Mistakes that differ in one number, and the search for the number.

The number is the one whose result comes nearest to what the candidate has, with as few
digits as are enough: a person typed it.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from debug.causes.hypotheses.mistake import Key
from debug.reference.recording import Replacement

COARSE, FINE = 27, 40
"""Steps of the search: over the whole range, then between two neighbours."""
GOLDEN = (math.sqrt(5) - 1) / 2

Error = Callable[[float], float]
"""How far the candidate is from what a number would make."""


@dataclass(frozen=True)
class Family:
    """Mistakes that differ in one number."""

    key: Key
    text: Callable[[float], str]
    replacement: Callable[[float], Replacement]
    low: float
    """Of the numbers that are tried; above zero, and each is so many times the last."""
    high: float
    right: float | None = None
    """PyTorch's number, where it has one there."""
    sign: float = 1.0
    """Of the numbers: those that are tried are their sizes."""


def best_number(family: Family, error: Error, enough: float) -> float | None:
    """The number that comes nearest, with as few digits as are enough; None for a range
    in which nothing comes near.

    Args:
        family: whose range is searched.
        error: to be made small.
        enough: the error that is rounding.
    """
    start, stop = math.log(family.low), math.log(family.high)
    width = (stop - start) / (COARSE - 1)
    tried = [(error(math.exp(start + width * n)), n) for n in range(COARSE)]
    least, at = min(tried)
    if not math.isfinite(least) or at in (0, COARSE - 1):
        return None
    low, high = start + width * (at - 1), start + width * (at + 1)
    number = math.exp(_golden(lambda x: error(math.exp(x)), low, high))
    least = error(number)
    for digits in range(1, 7):
        short = float(f"{number:.{digits}g}")
        if error(short) <= max(enough, 1.05 * least):
            return short
    return number


def _golden(error: Error, low: float, high: float) -> float:
    """Where a function with one valley is lowest, by golden sections."""
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_left, at_right = error(left), error(right)
    for _ in range(FINE):
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - GOLDEN * (high - low)
            at_left = error(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + GOLDEN * (high - low)
            at_right = error(right)
    return (low + high) / 2
