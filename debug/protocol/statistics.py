"""The statistics of one side of a layer, as they cross the pipe and are shown.

They orient and never decide: see ``docs/verdict.md``. A statistic is a field here, and
``debug/measure/statistics.py`` computes it.
"""

import msgspec
from msgspec.structs import fields


class Stats(msgspec.Struct, frozen=True):
    """One side's values; None where nothing finite is left to measure."""

    shape: list[int]
    dtype: str
    mean: float | None
    std: float | None
    min: float | None
    max: float | None
    nonfinite: int


STATISTICS = tuple(each.name for each in fields(Stats) if each.type == float | None)
"""The names of the numbers in `Stats`, in its order. Whoever shows them goes through this
list: a statistic that is added to `Stats` is shown everywhere without another edit."""
