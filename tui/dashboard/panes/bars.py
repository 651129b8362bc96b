"""What the chart draws: a bar for each layer, or for several where there is no room."""

import math
from dataclasses import dataclass

from debug.protocol.messages import Compared
from debug.protocol.verdict import FLOAT32_HALF_ULP, Verdict
from debug.results.run import Run
from debug.results.trend import NOTICEABLE

LEAST_DECADES = 4
"""A healthy run does not fill the chart."""
BELOW = 2
"""Decades below the smallest floor that are shown, at most."""


@dataclass(frozen=True)
class Bar:
    layers: range
    """That it stands for."""
    index: int
    """Of the worst of them, which all else is about."""
    floor: float
    verdict: Verdict | None = None
    """None where none has run."""
    error: float | None = None
    """In the run; None where there is no number."""
    quiet: bool = False
    """Whether it only inherits its error, or is not of the source as it is now."""
    isolated: float | None = None
    isolated_wrong: bool = False
    before: float | None = None
    """Its error before the last save, where that was another."""


def bars_of(run: Run, most: int) -> list[Bar]:
    """In order of computation, as many as there is room for."""
    count = len(run.layers)
    places = min(count, most)
    ends = [place * count // places for place in range(places + 1)] if places else [0]
    heirs = run.heirs()
    return [
        _bar(run, range(ends[place], ends[place + 1]), heirs) for place in range(places)
    ]


def _bar(run: Run, layers: range, heirs: set[int]) -> Bar:
    index = max(layers, key=lambda each: _badness(run, each))
    result, layer = run.results.get(index), run.layers[index]
    if result is None:
        return Bar(layers, index, layer.floor)
    isolated = run.isolated(index)
    is_old = result.generation != run.generation or run.stale is not None
    return Bar(
        layers,
        index,
        layer.floor,
        result.chained.verdict,
        result.chained.rel_l2,
        is_old or index in heirs,
        isolated.rel_l2 if isolated else None,
        isolated is not None and not isolated.verdict.healthy,
        _before(run.before.get(index), result),
    )


def _badness(run: Run, index: int) -> tuple[int, float]:
    result = run.results.get(index)
    if result is None:
        return 0, 0.0
    error = result.chained.rel_l2
    return (1, error) if error is not None else (2, 0.0)


def _before(before: Compared | None, now: Compared) -> float | None:
    """The error before the last save, unless it is as good as the present one."""
    if before is None or before.chained.rel_l2 is None or before is now:
        return None
    old, new = before.chained.rel_l2, now.chained.rel_l2
    if new is None:
        return old
    larger, smaller = max(old, new), min(old, new)
    return old if larger > NOTICEABLE * smaller else None


def decades_of(run: Run) -> tuple[int, int]:
    """The first and the last decade that the chart has to show: the same before and after
    a layer, so that the scale seldom moves."""
    floors = [layer.floor for layer in run.layers]
    results = [*run.results.values(), *run.before.values()]
    errors = [result.chained.rel_l2 for result in results]
    alone = [event.divergence.rel_l2 for event in run.isolated_events.values()]
    sizes = [size for size in (*errors, *alone) if size]
    lowest = math.floor(math.log10(min(floors, default=FLOAT32_HALF_ULP)))
    low = math.floor(math.log10(min([*floors, *sizes], default=FLOAT32_HALF_ULP)))
    high = math.ceil(math.log10(max([*floors, *sizes], default=1.0)))
    low = max(low, lowest - BELOW)
    return low, max(high, low + LEAST_DECADES)
