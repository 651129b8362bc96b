"""Which layers have a row, in which order, and with which columns.

A network of 32 equal blocks has 400 layers, and a person wants to see ten of them: blocks
can be folded, healthy layers left out, the worst put first. Where all is well, blocks that
are equal fold of themselves.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from debug.results.run import Run
from debug.results.trend import Trend
from tui import words

NUMBER = re.compile(r"\d+")


class Only(StrEnum):
    """Which layers are shown."""

    ALL = ""
    GUILTY = "only guilty"
    CHANGED = "only changed"


class Order(StrEnum):
    COMPUTED = ""
    RATIO = "by R"
    ISOLATED = "by R isolated"
    ERROR = "by error"
    TIME = "by time"


class ColumnKey(StrEnum):
    """What a column shows."""

    MARK = "mark"
    VERDICT = "verdict"
    NAME = "name"
    SHAPE = "shape"
    RATIO = "ratio"
    ISOLATED = "isolated"
    REL_L2 = "rel_l2"
    MAX_ABS = "max_abs"
    COSINE = "cosine"
    OUTSIDE = "outside"
    BAR = "bar"
    TIME = "time"
    CHANGE = "change"
    SECOND = "second"


USUAL = (
    *(ColumnKey.RATIO, ColumnKey.ISOLATED, ColumnKey.SECOND),
    *(ColumnKey.CHANGE, ColumnKey.BAR, ColumnKey.SHAPE),
)
"""The others that are shown where there is room, the most wanted first."""


Kind = TypeVar("Kind", bound=StrEnum)


def following(now: Kind) -> Kind:
    """The next of the same kind, around."""
    every = list(type(now))
    return every[(every.index(now) + 1) % len(every)]


@dataclass
class Arrangement:
    only: Only = Only.ALL
    order: Order = Order.COMPUTED
    folded: set[str] = field(default_factory=set)
    by_hand: bool = False
    """Whether a person has folded anything: then nothing folds of itself."""

    def rows(self, run: Run, cursor: int) -> list[int]:
        """The layers that are shown; the selected one always is."""
        parents = {layer.name: layer.parent for layer in run.layers}
        shown = self.chosen(run) | {cursor}
        tree = self.order is Order.COMPUTED and self.only is Only.ALL
        rows = [
            index
            for index, layer in enumerate(run.layers)
            if index in shown
            and not (tree and index != cursor and self._is_within(layer.name, parents))
        ]
        if self.order is not Order.COMPUTED:
            rows.sort(key=lambda index: -_rank(self.order, index, run))
        return rows

    def chosen(self, run: Run) -> set[int]:
        """The layers of the kind that is wanted."""
        every = range(len(run.layers))
        match self.only:
            case Only.GUILTY:
                return {*run.faults(), *filter(run.findings, every)}
            case Only.CHANGED:
                changed = Trend.BETTER, Trend.WORSE
                return {index for index in every if run.trend(index) in changed}
            case _:
                return set(every)

    def _is_within(self, name: str, parents: dict[str, str | None]) -> bool:
        """Whether a layer is in a block that is folded."""
        parent = parents.get(name)
        while parent is not None:
            if parent in self.folded:
                return True
            parent = parents.get(parent)
        return False

    # -- Folding -----------------------------------------------------------------------

    def fold(self, index: int, run: Run) -> int:
        """Folds the block, or the one around the layer, or unfolds it. Returns the row to
        select then."""
        layer = run.layers[index]
        name = layer.name if layer.name in blocks(run) else layer.parent
        place = next((i for i, each in enumerate(run.layers) if each.name == name), None)
        if place is None or run.layers[place].parent is None:  # not the whole model
            return index
        self.by_hand = True
        self.folded ^= {run.layers[place].name}
        return place

    def fold_equal(self, run: Run) -> None:
        """Folds all blocks that are equal, or unfolds everything."""
        self.by_hand = True
        self.folded = set() if self.folded else equal_blocks(run)

    def nearest(self, index: int, run: Run) -> int:
        """The layer, or the outermost folded block that it is in."""
        indices = {layer.name: place for place, layer in enumerate(run.layers)}
        found, name = index, run.layers[index].parent
        while name in indices:
            if name in self.folded:
                found = indices[name]
            name = run.layers[indices[name]].parent
        return found

    def reveal(self, index: int, run: Run) -> None:
        """Unfolds what a layer is in."""
        parents = {layer.name: layer.parent for layer in run.layers}
        name = parents.get(run.layers[index].name)
        while name is not None:
            self.folded.discard(name)
            name = parents.get(name)

    def fold_if_all_is_well(self, run: Run) -> None:
        """Unless a person folds: what is equal and right is folded, and no longer once
        anything is wrong."""
        if self.by_hand or not run.is_complete:
            return
        if run.culprit() is not None:
            self.folded = set()
        elif run.settled:
            self.folded = equal_blocks(run)

    def told(self, run: Run, count: int) -> str:
        """How this differs from the usual arrangement, for a title."""
        said = [part for part in (self.only.value, self.order.value) if part]
        if count < len(run.layers):
            said.append(f"{count} of {len(run.layers)} rows")
        return ", ".join(said)


def blocks(run: Run) -> set[str]:
    """The layers that others are parts of."""
    return {layer.parent for layer in run.layers if layer.parent is not None}


def equal_blocks(run: Run) -> set[str]:
    """Blocks that are called alike but for a number, the outermost of them."""
    outer = blocks(run)
    kinds = {
        layer.name: (NUMBER.sub("#", layer.name), layer.parent)
        for layer in run.layers
        if layer.name in outer
    }
    counts = Counter(kinds.values())
    return {name for name, kind in kinds.items() if counts[kind] > 1}


def _rank(order: Order, index: int, run: Run) -> float:
    """What a layer is sorted by; without a number, first if it is wrong, and else last."""
    result, isolated = run.results.get(index), run.isolated(index)
    if result is None:
        return -1.0
    number = {
        Order.RATIO: result.chained.ratio,
        Order.ISOLATED: isolated.ratio if isolated else -1.0,
        Order.ERROR: words.error_of(result),
        Order.TIME: result.seconds,
    }[order]
    if number is None:
        return float("inf") if result.chained.verdict.wrong else -1.0
    return number
