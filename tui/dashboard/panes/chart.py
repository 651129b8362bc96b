"""The error of every layer on a log scale, with PyTorch's own rounding drawn in.

The distance between a column's top and its ─ is R: a bug is a column that rises far above
its line, and the error that it passes on lifts all the columns to its right.
"""

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from debug.results.run import Run
from tui import words
from tui.themes import colour

AXIS = 6
"""Cells for the labels on the left."""
_RISING = " ▁▂▃▄▅▆▇█"


class ChartPane(Widget, can_focus=True):
    """A column a layer: its relative error, and the error of PyTorch's own rounding."""

    BORDER_TITLE = "relative error, ─ PyTorch's rounding"

    def __init__(self) -> None:
        super().__init__(id="chart")
        self._run = Run()
        self._cursor = 0

    def show(self, cursor: int, run: Run) -> None:
        self._run, self._cursor = run, cursor
        self.refresh()

    def layer_at(self, x: int) -> int | None:
        """The layer under a column of the pane."""
        count = len(self._run.layers)
        columns = max(self.size.width - AXIS, 1)
        if not count or x < AXIS:
            return None
        return min((x - AXIS) * count // max(self._width(columns, count), 1), count - 1)

    @staticmethod
    def _width(columns: int, count: int) -> int:
        """Whole columns a layer while there is room for that."""
        return columns // count * count if columns >= count else columns

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        count, columns = len(self._run.layers), max(width - AXIS, 1)
        plain = self.visual_style.rich_style
        if not count or height < 3:
            return Strip.blank(width, plain)
        used = self._width(columns, count)
        if y == height - 1:
            return self._marker_line(used, count, width, plain)
        rows = height - 1
        segments = [Segment(self._label(y, rows), plain + Style(dim=True))]
        for x in range(used):
            layer = min(x * count // used, count - 1)
            segments.append(self._cell(layer, y, rows, plain))
        return Strip(segments).adjust_cell_length(width, plain)

    @staticmethod
    def _label(y: int, rows: int) -> str:
        """The decade at the lower edge of a row, if one lies there."""
        span = words.HIGHEST - words.LOWEST
        for decade in range(words.LOWEST, words.HIGHEST):
            edge = (words.HIGHEST - decade) * rows / span
            if y + 0.5 <= edge < y + 1.5 and (rows >= span or decade % 2 == 0):
                return f"1e{decade} ".rjust(AXIS)
        return " " * AXIS

    def _cell(self, index: int, y: int, rows: int, plain: Style) -> Segment:
        result = self._run.results.get(index)
        bottom = rows - 1 - y
        floor = words.decade(self._run.layers[index].floor) or 0.0
        is_floor = int(min(floor * rows, rows - 1)) == bottom
        if result is None:
            return Segment("─" if is_floor else " ", plain + Style(dim=True))
        shade = colour(result.chained.verdict, self.app.current_theme.dark)
        style = plain + Style(color=shade)
        if result.generation != self._run.generation or self._run.stale:
            style += Style(dim=True)
        height = words.decade(words.error_of(result))
        if height is None:  # no number: a full column of its glyph
            return Segment(words.GLYPHS[result.chained.verdict], style)
        filled = min(max(height * rows - bottom, 0.0), 1.0)
        if is_floor and filled < 1.0:
            return Segment("─", plain)
        if is_floor:
            return Segment("─", style + Style(reverse=True))
        return Segment(_RISING[round(filled * 8)], style)

    def _marker_line(self, used: int, count: int, width: int, plain: Style) -> Strip:
        x = AXIS + (self._cursor * used + count - 1) // count
        name = self._run.layers[self._cursor].name if self._cursor < count else ""
        text = " " * x + "▲ " + name
        if len(text) > width:  # the name goes to the left of its marker
            text = (name + " ▲").rjust(x + 1)
        return Strip([Segment(text[:width].ljust(width), plain + Style(bold=True))])
