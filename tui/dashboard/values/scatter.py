"""MAX's values over PyTorch's: what kind of error it is, at a glance.

Where both agree, all lies on the diagonal. A factor tilts the cloud, a bias shifts it, a
clamp cuts it off level, and another weight's values are no line at all. The darker a cell,
the more values are in it, on a log scale.
"""

import math

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from debug.protocol.survey import Surveyed
from debug.protocol.verdict import Verdict
from tui import words
from tui.dashboard.values.spread import line_told
from tui.verdict_colours import colour

SHADES = "·░▒▓█"
DIAGONAL = "╱"


class ScatterPane(Widget, can_focus=True):
    def __init__(self) -> None:
        super().__init__(id="scatter")
        self.border_title = "MAX over PyTorch"
        self._surveyed: Surveyed | None = None

    def show(self, surveyed: Surveyed | None) -> None:
        self._surveyed = surveyed
        self.refresh()

    @property
    def _rows(self) -> int:
        """Lines for the cells; below them stand the range and the line through them."""
        return self.size.height - 2

    def render_line(self, y: int) -> Strip:
        plain, (width, _) = self.visual_style.rich_style, self.size
        found = self._surveyed
        if found is None or not found.histogram.both or self._rows < 1:
            text = "" if y else ("…" if found is None else "there is one value only")
            return Strip([Segment(text, plain)]).adjust_cell_length(width, plain)
        if y < self._rows:
            return self._cells(found, y, plain)
        bars = found.histogram
        if y == self._rows:
            low, high = words.number(bars.low, 3), words.number(bars.high, 3)
            line = f"{low}{'PyTorch →':^{max(width - len(low + high), 0)}}{high}"
            segments = [Segment(line, plain + Style(dim=True))]
        else:
            segments = [Segment(line_told(found).plain, plain)]
        return Strip(segments).adjust_cell_length(width, plain)

    def _cells(self, found: Surveyed, y: int, plain: Style) -> Strip:
        """One line of the cloud; MAX's largest values are on top."""
        width, rows = self.size.width, self._rows
        cells = resized(found.histogram.both, rows, width)
        fullest = math.log1p(max(max(row) for row in cells)) or 1.0
        row = rows - 1 - y
        shade = colour(Verdict.OK, self.app.current_theme.dark)
        segments = []
        for column, count in enumerate(cells[row]):
            if count:
                step = int(math.log1p(count) / fullest * (len(SHADES) - 1))
                segments.append(Segment(SHADES[step], plain + Style(color=shade)))
            else:
                is_on_it = column * rows // width == row
                glyph = DIAGONAL if is_on_it else " "
                segments.append(Segment(glyph, plain + Style(dim=True)))
        return Strip(segments).adjust_cell_length(width, plain)


def resized(counts: list[list[int]], rows: int, columns: int) -> list[list[int]]:
    """The same cloud in other cells: in fewer they are added up, in more they are repeated,
    but none is there twice that has a single value."""

    def gathered(values: list[list[int]], size: int) -> list[list[int]]:
        count = len(values)
        found = []
        for place in range(size):
            begin, end = place * count // size, (place + 1) * count // size
            part = values[begin : max(end, begin + 1)]
            found.append([sum(column) for column in zip(*part, strict=True)])
        return found

    down = gathered(counts, rows)
    across = gathered([list(column) for column in zip(*down, strict=True)], columns)
    return [list(row) for row in zip(*across, strict=True)]
