"""How far values are from overflow in half precision.

float16 ends at 65,504. A layer norm squares its input on the way, so what fits may
overflow there: an input of 300 does. Both factors are shown, and neither decides.
"""

from debug.protocol.statistics import Stats

FLOAT16_MAX = 65504.0
"""IEEE 754 binary16; bfloat16 and float32 reach 3e38."""


def float16_headroom(stats: Stats) -> float | None:
    """By what the largest value could be multiplied before it is Inf in float16.

    Below 1 it already is. None where nothing finite is left, or all is 0.
    """
    largest = largest_of(stats)
    return FLOAT16_MAX / largest if largest else None


def squared_headroom(stats: Stats) -> float | None:
    """The same of its square, which layer norms and norms form on the way."""
    largest = largest_of(stats)
    return FLOAT16_MAX / largest**2 if largest else None


def largest_of(stats: Stats) -> float:
    return max(abs(stats.min or 0.0), abs(stats.max or 0.0))
