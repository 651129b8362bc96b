"""The chart of a report: the error of every layer, in the run and isolated, against depth.

Errors span many decades, so the scale is a logarithm: a line a decade. The floor is drawn
as a line of its own, for an error means something only beside it. What has no number, such
as a NaN, stands above the scale, and an exact value at its lower edge.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from debug.results.run import Run
from tui import words

WIDTH, HEIGHT = 960, 350
LEFT, RIGHT, TOP, BOTTOM = 62, 14, 54, 40
"""Margins for the scale, the legend and the names."""
ABOVE = 34
"""Where marks without a number stand."""
WIDEST = 20
"""Decades, of which the largest are shown."""
LINES = 10
"""At most this many decades are labelled."""


@dataclass(frozen=True)
class Mark:
    x: float
    y: float
    is_wrong: bool
    title: str
    """What a pointer that rests there is told."""


@dataclass(frozen=True)
class Line:
    y: float
    label: str


@dataclass(frozen=True)
class Chart:
    width: int
    height: int
    left: int
    right: float
    top: int
    bottom: float
    above: int | None
    """Where what has no number stands, if anything does."""
    decades: Sequence[Line]
    floor: str
    """As SVG's polyline has its points."""
    errors: str
    chained: Sequence[Mark]
    isolated: Sequence[Mark]
    first: str
    last: str
    """The names at both ends of the axis."""
    culprit: Mark | None
    culprit_name: str

    @property
    def culprit_anchor(self) -> str:
        """On which side of its line the name has room."""
        middle = (self.left + self.right) / 2
        return "start" if self.culprit is None or self.culprit.x < middle else "end"


def chart_of(run: Run) -> Chart:
    """Of all that has run."""
    shown = [index for index in range(len(run.layers)) if index in run.results]
    low, high = _range(run, shown)
    step = (WIDTH - LEFT - RIGHT) / max(len(shown) - 1, 1)
    across = {index: LEFT + number * step for number, index in enumerate(shown)}

    def up(error: float | None) -> float:
        if error is None:
            return ABOVE
        share = (math.log10(error) - low) / (high - low) if error > 0 else 0.0
        return _place(HEIGHT - BOTTOM - min(max(share, 0.0), 1.0) * (HEIGHT - TOP - BOTTOM))

    def mark(index: int, error: float | None, is_wrong: bool, what: str) -> Mark:
        said = words.number(error, 3) if error is not None else "no number"
        title = f"{run.layers[index].name}: {what} {said}"
        return Mark(_place(across[index]), up(error), is_wrong, title)

    chained = []
    isolated = []
    for index in shown:
        found, alone = run.results[index].chained, run.isolated(index)
        chained.append(mark(index, found.rel_l2, found.verdict.wrong, "error"))
        if alone is not None and (alone.rel_l2 is not None or not alone.verdict.healthy):
            is_wrong = not alone.verdict.healthy
            isolated.append(mark(index, alone.rel_l2, is_wrong, "isolated"))
    floors = [f"{_place(across[i])},{up(run.layers[i].floor)}" for i in shown]
    culprit = run.culprit()
    return Chart(
        WIDTH,
        HEIGHT,
        LEFT,
        WIDTH - RIGHT,
        TOP,
        HEIGHT - BOTTOM,
        ABOVE if any(each.y == ABOVE for each in (*chained, *isolated)) else None,
        [Line(up(10.0**n), f"1e{n}") for n in _labelled(low, high)],
        " ".join(floors),
        " ".join(f"{each.x},{each.y}" for each in chained),
        chained,
        isolated,
        run.layers[shown[0]].name if shown else "",
        run.layers[shown[-1]].name if len(shown) > 1 else "",
        None if culprit not in across else chained[shown.index(culprit)],
        "" if culprit is None else run.layers[culprit].name,
    )


def _range(run: Run, shown: Sequence[int]) -> tuple[int, int]:
    """The first and the last decade of the scale."""
    sizes: list[float | None] = []
    for index in shown:
        alone = run.isolated(index)
        sizes += [run.layers[index].floor, run.results[index].chained.rel_l2]
        sizes.append(alone.rel_l2 if alone else None)
    logs = [math.log10(size) for size in sizes if size is not None and size > 0]
    high = math.ceil(max(logs, default=0.0))
    low = max(math.floor(min(logs, default=-8.0)), high - WIDEST)
    return low, max(high, low + 1)


def _labelled(low: int, high: int) -> range:
    return range(low, high + 1, math.ceil((high - low) / LINES))


def _place(value: float) -> float:
    return round(value, 1)
