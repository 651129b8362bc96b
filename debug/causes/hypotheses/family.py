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
"""Steps of the search: over the whole range, then at most between two neighbours."""
SAME = 1e-9
"""Two numbers whose logarithms differ by less are the same for a person."""
GOLDEN = (math.sqrt(5) - 1) / 2

Error = Callable[[float], float]
"""How far the candidate is from what a number would make."""
Point = tuple[float, float]
"""A number's logarithm, and the error there."""


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


def best_number(error: Error, low: float, high: float, enough: float) -> float | None:
    """The number that comes nearest, with as few digits as are enough; None for a range
    in which nothing comes near.

    Args:
        error: to be made small.
        low: the least that is tried, above zero.
        high: the most.
        enough: the error that is rounding.
    """
    start, stop = math.log(low), math.log(high)
    width = (stop - start) / (COARSE - 1)
    tried = [(error(math.exp(start + width * n)), n) for n in range(COARSE)]
    least, at = min(tried)
    if not math.isfinite(least) or at in (0, COARSE - 1):
        return None
    around = [(start + width * n, tried[n][0]) for n in (at - 1, at, at + 1)]
    number = math.exp(_valley(lambda x: error(math.exp(x)), *around))
    least = error(number)
    for digits in range(1, 7):
        short = float(f"{number:.{digits}g}")
        if error(short) <= max(enough, 1.05 * least):
            return short
    return number


def _valley(error: Error, left: Point, lowest: Point, right: Point) -> float:
    """Where a norm of differences with one valley is least, between two points.

    Its square is nearly a parabola there, so each step goes to the lowest point of the one
    through the last three points, and by a golden section into the wider side where that
    has come to nothing (Brent, Algorithms for Minimization Without Derivatives, 1973).
    """
    golden = False
    for _ in range(FINE):
        at = _bottom(left, lowest, right)
        if at is not None and abs(at - lowest[0]) < SAME:
            break
        if at is None or golden:
            far = max(left[0], right[0], key=lambda x: abs(x - lowest[0]))
            at = lowest[0] + (1 - GOLDEN) * (far - lowest[0])
        point, width = (at, error(at)), right[0] - left[0]
        inner, outer = sorted((point, lowest), key=lambda each: each[1])
        if outer[0] < inner[0]:
            left = outer
        else:
            right = outer
        lowest, golden = inner, right[0] - left[0] > width / 2 and not golden
    return lowest[0]


def _bottom(*points: Point) -> float | None:
    """The lowest place of the parabola through the squares at three places, if it lies
    between the outer ones."""
    (a, at_a), (b, at_b), (c, at_c) = ((x, y * y) for x, y in points)
    one, other = (b - a) * (at_b - at_c), (b - c) * (at_b - at_a)
    if one == other or not math.isfinite(one - other):
        return None
    found = b - ((b - a) * one - (b - c) * other) / (2 * (one - other))
    return found if a < found < c else None
