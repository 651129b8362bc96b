"""The numbers of both sides around one element, and their difference.

The element can be moved by the arrows. Within what is shown it moves at once; beyond an
edge the engine is asked for the numbers there.
"""

from collections.abc import Callable

from rich.style import Style
from rich.text import Text
from textual.binding import Binding
from textual.events import Click, Resize

from debug.protocol.survey import Excerpted, Number
from debug.protocol.verdict import Verdict
from tui import words
from tui.dashboard.selectable import SelectableText
from tui.dashboard.values.place import Place, measured
from tui.verdict_colours import colour

CELL = 10
SIDE = 8
LINES = 3
"""Of each row: PyTorch's number, MAX's and the difference."""
SIDES = ("PyTorch", "MAX", "diff.")
STRIKING = 0.5
"""A difference of this part of the largest one stands out."""


class ExcerptPane(SelectableText, can_focus=True):
    BORDER_TITLE = "numbers"
    BINDINGS = [
        Binding("up", "move(-1, 0)", "move", show=False),
        Binding("down", "move(1, 0)", "move", show=False),
        Binding("left", "move(0, -1)", "move", show=False),
        Binding("right", "move(0, 1)", "move", show=False),
        Binding("pageup,shift+up", "page(-1, 0)", "a page up", show=False),
        Binding("pagedown,shift+down", "page(1, 0)", "a page down", show=False),
        Binding("shift+left", "page(0, -1)", "a page to the left", show=False),
        Binding("shift+right", "page(0, 1)", "a page to the right", show=False),
    ]

    def __init__(self, place: Place, moved: Callable[[], None]) -> None:
        """``moved`` is told that the element is another one."""
        super().__init__(id="excerpt", markup=False)
        self._place, self._moved = place, moved
        self.excerpt: Excerpted | None = None

    # -- What there is room for ------------------------------------------------------

    @property
    def rows(self) -> int:
        return max((self.size.height - 1) // LINES, 1)

    @property
    def columns(self) -> int:
        return max((self.size.width - self._label - SIDE) // CELL, 1)

    @property
    def _label(self) -> int:
        """Cells for the places of the axis that goes down."""
        axis = self._place.down
        longest = len(f"{axis.name} {axis.size}")
        return max(longest, len(measured(axis, axis.size))) + 2

    @property
    def covers(self) -> bool:
        """Whether the numbers of the element are at hand, as many as there is room for."""
        found, place = self.excerpt, self._place
        if found is None or place.located is None:
            return False
        if (found.cut.height, found.cut.width) != (self.rows, self.columns):
            return False  # asked for before the pane had its size
        if (found.generation, found.index, found.alone, found.cut.axes) != (
            place.located.generation,
            place.index,
            place.alone,
            place.axes,
        ):
            return False
        beside = set(range(len(place.at))) - set(place.axes)
        return self._here is not None and all(
            found.cut.at[axis] == place.at[axis] for axis in beside
        )

    @property
    def _here(self) -> tuple[int, int] | None:
        """Row and column of the element among the numbers."""
        found, place = self.excerpt, self._place
        if found is None:
            return None
        row = place.at[place.axes[0]] - found.top
        column = place.at[place.axes[1]] - found.left
        rows, columns = found.reference, found.reference[0]
        there = 0 <= row < len(rows) and 0 <= column < len(columns)
        return (row, column) if there else None

    @property
    def element(self) -> tuple[Number, Number, Number] | None:
        """The element on both sides, and the difference."""
        if self.excerpt is None or not self.covers or self._here is None:
            return None
        row, column = self._here
        found = self.excerpt
        of = found.reference, found.candidate, found.difference
        theirs, ours, difference = (numbers[row][column] for numbers in of)
        return theirs, ours, difference

    # -- Keys and mouse --------------------------------------------------------------

    def action_move(self, down: int, across: int) -> None:
        if self._place.located is not None:
            self._place.move(down, across)
            self._moved()

    def action_page(self, down: int, across: int) -> None:
        self.action_move(down * self.rows, across * self.columns)

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or self.excerpt is None or self._here is None:
            return
        row = (offset.y - 1) // LINES
        column = (offset.x - self._label - SIDE) // CELL
        if row >= 0 and column >= 0:
            self.action_move(row - self._here[0], column - self._here[1])

    def on_resize(self, _: Resize) -> None:
        if self._place.located is not None:
            self.excerpt = None  # there is room for others
            self._moved()

    # -- Drawing ---------------------------------------------------------------------

    def show(self) -> None:
        self.update(self.as_text())

    def as_text(self) -> Text:
        found, place = self.excerpt, self._place
        if found is None or place.located is None or found.cut.axes != place.axes:
            return Text("…", "dim")
        lines = [self._header(found)]
        largest = _largest(found)
        for row in range(len(found.reference)):
            lines += self._row(found, row, largest)
        return Text("\n").join(lines)

    def _header(self, found: Excerpted) -> Text:
        corner = f"{self._place.across.name} →"
        corner = f"{corner:>{self._label + SIDE - 1}} "[-(self._label + SIDE) :]
        text = Text().append(corner, "dim")
        here = self._here
        for column in range(len(found.reference[0])):
            marked = here is not None and column == here[1]
            style = "bold" if marked else "dim"
            text.append(f"{found.left + column:>{CELL - 1}} ", style)
        return text

    def _row(self, found: Excerpted, row: int, largest: float) -> list[Text]:
        at, axis = found.top + row, self._place.down
        labels = f"{axis.name} {at}", measured(axis, at), ""
        values = found.reference[row], found.candidate[row], found.difference[row]
        here, lines = self._here, []
        for number, (label, side, cells) in enumerate(
            zip(labels, SIDES, values, strict=True)
        ):
            marked = here is not None and row == here[0]
            line = Text().append(f"{label:<{self._label}}", "bold" if marked else "dim")
            line.append(f"{side:<{SIDE}}", "dim")
            for column, cell in enumerate(cells):
                digits = 3 if number == LINES - 1 else 5
                style = self._style(cell, largest) if digits == 3 else Style()
                if marked and here is not None and column == here[1]:
                    style += Style(reverse=True)
                line.append(f"{spelled(cell, digits):>{CELL - 1}}", style).append(" ")
            lines.append(line)
        return lines

    def _style(self, difference: Number, largest: float) -> Style:
        striking = isinstance(difference, str) or abs(difference) >= STRIKING * largest
        if not striking or difference == 0:
            return Style(dim=True)
        shade = colour(Verdict.DIVERGED, self.app.current_theme.dark)
        return Style(color=shade, bold=True)


def _largest(found: Excerpted) -> float:
    cells = (cell for row in found.difference for cell in row)
    return max((abs(cell) for cell in cells if not isinstance(cell, str)), default=0.0)


def spelled(value: Number, digits: int) -> str:
    """A number, or what it is instead of one."""
    if isinstance(value, str):
        return {"nan": "NaN", "inf": "Inf", "-inf": "-Inf"}[value]
    return words.number(value, digits)
