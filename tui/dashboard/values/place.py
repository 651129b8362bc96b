"""Which element of which layer is looked at, and along which two axes.

All panes of the screen share one place: the numbers are around it, the map marks it, and a
list of worst channels leads to it.
"""

import math
from dataclasses import dataclass, field
from itertools import combinations

from debug.protocol.survey import Axis, Cut, Located, Region


@dataclass
class Place:
    """An element of a layer, and two of the axes that it lies on."""

    index: int
    """Of the layer."""
    alone: bool = False
    """Whether the layer is looked at in isolation."""
    located: Located | None = None
    """Its axes, and where it is worst; None until the engine has answered."""
    at: list[int] = field(default_factory=list)
    axes: tuple[int, int] = (0, 1)
    """The one that goes down, and the one that goes across."""
    region: Region | None = None
    """The part of the map; None for all of it."""

    def begin(self, located: Located) -> None:
        """Another layer goes to its worst element; the same one after a save stays where a
        person was, if there is such a place."""
        before, self.located = self.located, located
        if before is not None and before.axes == located.axes:
            return
        self.at, self.region = list(located.worst), None
        self.axes = self._pairs()[0]

    @property
    def known(self) -> list[Axis]:
        return self.located.axes if self.located else []

    @property
    def down(self) -> Axis:
        return self.known[self.axes[0]]

    @property
    def across(self) -> Axis:
        return self.known[self.axes[1]]

    def cut(self, height: int, width: int) -> Cut:
        return Cut(self.axes, list(self.at), height, width)

    def move(self, down: int, across: int) -> None:
        """Stays within the value."""
        for axis, places in zip(self.axes, (down, across), strict=True):
            last = self.known[axis].size - 1
            self.at[axis] = min(max(self.at[axis] + places, 0), last)

    def move_aside(self, places: int) -> str:
        """Along the first axis that is not shown, around. Returns its name, empty if there
        is none."""
        for axis, known in enumerate(self.known):
            if axis not in self.axes and known.size > 1:
                self.at[axis] = (self.at[axis] + places) % known.size
                return known.name
        return ""

    def turn(self) -> None:
        """The next pair of axes, in either direction."""
        pairs = self._pairs()
        self.axes = pairs[(pairs.index(self.axes) + 1) % len(pairs)]
        self.region = None

    def _pairs(self) -> list[tuple[int, int]]:
        """The last two axes first, and each pair exchanged, too. Axes of one place are only
        taken where there are no others."""
        axes = range(len(self.known))
        chosen = sorted(axes, key=lambda axis: (self.known[axis].size > 1, axis))[-2:]
        long = {axis for axis in axes if self.known[axis].size > 1} | set(chosen)
        pairs = sorted(combinations(sorted(long), 2), key=lambda pair: (-pair[1], -pair[0]))
        return [each for a, b in pairs for each in ((a, b), (b, a))]

    def zoom(self, factor: float) -> None:
        """A smaller part of the map around the element, or a larger one."""
        now = self.region or self.whole
        sides = []
        ends = (now.top, now.bottom, 0), (now.left, now.right, 1)
        for begin, end, which in ends:
            size = self.known[self.axes[which]].size
            length = min(max(round((end - begin) / factor), min(4, size)), size)
            first = self.at[self.axes[which]] - length // 2
            first = max(min(first, size - length), 0)
            sides.append((first, first + length))
        (top, bottom), (left, right) = sides
        region = Region(top, left, bottom, right)
        self.region = None if region == self.whole else region

    @property
    def whole(self) -> Region:
        return Region(0, 0, self.down.size, self.across.size)

    @property
    def is_on_map(self) -> bool:
        part, (down, across) = self.region or self.whole, self.axes
        rows = part.top <= self.at[down] < part.bottom
        return rows and part.left <= self.at[across] < part.right

    def told(self) -> str:
        """Where the element is, in the axes' own words."""
        places = zip(self.known, self.at, strict=True)
        return ", ".join(place_of(axis, at) for axis, at in places if axis.size > 1)


def place_of(axis: Axis, at: int) -> str:
    """One place of an axis: ``frame 299 (5.98 s)``."""
    real = measured(axis, at)
    return f"{axis.name} {at}" + (f" ({real})" if real else "")


def measured(axis: Axis, at: int) -> str:
    """The place in the axis's unit, with the decimals that tell it from the next one; empty
    where it has none."""
    if axis.step is None or axis.step <= 0:
        return ""
    decimals = max(math.ceil(-math.log10(axis.step)), 0)
    return f"{at * axis.step:.{decimals}f} {axis.unit}"
