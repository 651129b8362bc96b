"""The channels, frames and heads that are off by most; each leads to its worst element."""

from collections.abc import Sequence

from rich.text import Text
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from debug.protocol.survey import Axis, Surveyed
from tui import words
from tui.dashboard.values.place import measured

FEWEST = 3
"""Of each kind that are shown where there is little room."""


class WorstPane(OptionList):
    BORDER_TITLE = "worst slices (enter goes there)"

    def __init__(self) -> None:
        super().__init__(id="worst", markup=False)
        self._places: list[list[int] | None] = []
        self._axes: Sequence[Axis] = ()
        self._surveyed: Surveyed | None = None

    def on_resize(self) -> None:
        self.show(self._axes, self._surveyed)

    def show(self, axes: Sequence[Axis], surveyed: Surveyed | None) -> None:
        self._axes, self._surveyed = axes, surveyed
        self._places, options = [], []
        kinds = surveyed.slices if surveyed else []
        room = self.size.height // max(len(kinds), 1) - 1
        for each in kinds:
            axis = axes[each.axis] if each.axis < len(axes) else None
            options.append(Option(Text(f"{each.name}s", "bold"), disabled=True))
            self._places.append(None)
            is_axis = axis is not None and axis.name == each.name
            for found in each.slices[: max(room, FEWEST)]:
                real = measured(axis, found.index) if axis and is_axis else ""
                ratio, error = words.ratio(found.ratio), words.number(found.rel_l2, 3)
                text = f" {found.index:<7}{real:<10}R {ratio:<10}error {error}"
                options.append(Option(Text(text, no_wrap=True)))
                self._places.append(found.at)
            if not each.slices:
                options.append(Option(Text(" none has an error", "dim"), disabled=True))
                self._places.append(None)
        if surveyed and not options:
            options.append(Option(Text("no channels or rows here", "dim"), disabled=True))
        chosen = self.highlighted
        self.set_options(options)
        if chosen is None or self.place_of(chosen) is None:
            rows = (row for row, at in enumerate(self._places) if at is not None)
            chosen = next(rows, None)
        self.highlighted = chosen

    def place_of(self, row: int) -> list[int] | None:
        """The worst element of what a row is about."""
        return self._places[row] if row < len(self._places) else None
