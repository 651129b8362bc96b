"""What a save did to a layer: whether its error is another one than before, or the same."""

from enum import StrEnum

from debug.protocol.values import Divergence

NOTICEABLE = 1.1
"""The smallest quotient of two errors that is called better or worse."""


class Trend(StrEnum):
    """What the last save did to a layer."""

    BETTER = "better"
    WORSE = "worse"
    SAME = "same"


def trend_between(old: Divergence, new: Divergence) -> Trend:
    """What became of a layer's error."""
    if new.verdict != old.verdict and None in (new.rel_l2, old.rel_l2):
        return Trend.BETTER if new.verdict.healthy else Trend.WORSE
    if new.verdict.healthy and old.verdict.healthy:
        return Trend.SAME
    if new.rel_l2 is None or old.rel_l2 is None:
        return Trend.SAME
    if new.rel_l2 * NOTICEABLE < old.rel_l2:
        return Trend.BETTER
    return Trend.WORSE if new.rel_l2 > old.rel_l2 * NOTICEABLE else Trend.SAME
