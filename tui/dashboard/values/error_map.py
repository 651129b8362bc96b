"""The error over two axes: where in a layer it is, at a glance.

Each cell has the largest error of what it stands for, on a log scale of shades. A cell
without a shade is within PyTorch's own rounding, or far below the others; ! is NaN or Inf.
"""

import math
from collections.abc import Callable

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding
from textual.events import Click, Resize
from textual.strip import Strip
from textual.widget import Widget

from debug.protocol.survey import Axis, ErrorMapped
from tui import words
from tui.dashboard.values.place import Place, measured

SHADES = "·░▒▓█"
DARK = ("#5a4fcf", "#b5367a", "#e8603c", "#fbb61a", "#fcffa4")
LIGHT = ("#b9a7e0", "#d26ba0", "#c2410c", "#8f2c0c", "#3b0505")
"""Of the shades, in an order that stays one without colours."""
ROUNDING = 4.0
"""How many times the floor of a layer its single elements reach by rounding."""
ROOMY = 62
"""Columns from which every shade is explained."""
DIM = Style(dim=True)
SPAN = 1e4
"""Between the faintest shade and the largest error, at most."""


class MapPane(Widget, can_focus=True):
    BINDINGS = [
        Binding("up", "move(-1, 0)", "move", show=False),
        Binding("down", "move(1, 0)", "move", show=False),
        Binding("left", "move(0, -1)", "move", show=False),
        Binding("right", "move(0, 1)", "move", show=False),
    ]

    def __init__(self, place: Place, moved: Callable[[], None]) -> None:
        """``moved`` is told that the element is another one, or there is other room."""
        super().__init__(id="error-map")
        self._place, self._moved = place, moved
        self.mapped: ErrorMapped | None = None

    @property
    def room(self) -> tuple[int, int]:
        """How many cells there are, down and across."""
        return max(self.size.height - 1, 1), max(self.size.width - self._label, 1)

    @property
    def covers(self) -> bool:
        """Whether what is drawn is what was asked for."""
        found, place = self.mapped, self._place
        if found is None or place.located is None:
            return False
        part = place.region or place.whole
        (height, width), shown = self.room, (len(found.cells), len(found.cells[0]))
        sizes = part.bottom - part.top, part.right - part.left
        if shown != (min(height, sizes[0]), min(width, sizes[1])):
            return False  # asked for before the pane had its size
        known = found.index, found.alone, found.generation, found.axes, found.region
        wanted = place.index, place.alone, place.located.generation, place.axes, part
        return known == wanted

    # -- Keys and mouse --------------------------------------------------------------

    def action_move(self, down: int, across: int) -> None:
        """By a cell."""
        found = self.mapped
        if found is None or self._place.located is None:
            return
        part, rows = found.region, len(found.cells)
        places = (part.bottom - part.top) / rows
        beside = (part.right - part.left) / len(found.cells[0])
        self._place.move(math.ceil(places) * down, math.ceil(beside) * across)
        self._moved()

    def on_click(self, event: Click) -> None:
        found, offset = self.mapped, event.get_content_offset(self)
        if found is None or offset is None or self._place.located is None:
            return
        tall, wide = self._scale(found)
        row, column = offset.y // tall, (offset.x - self._label) // wide
        if not (0 <= row < len(found.cells) and 0 <= column < len(found.cells[0])):
            return
        part, place = found.region, self._place
        down, across = place.axes
        rows, columns = part.bottom - part.top, part.right - part.left
        place.at[down] = part.top + int((row + 0.5) * rows / len(found.cells))
        place.at[across] = part.left + int((column + 0.5) * columns / len(found.cells[0]))
        self._moved()

    def on_resize(self, _: Resize) -> None:
        if self._place.located is not None:
            self.mapped = None
            self._moved()

    # -- Drawing ---------------------------------------------------------------------

    @property
    def _label(self) -> int:
        if self._place.located is None:
            return 0
        return (
            max(len(_named(self._place.down, at)) for at in (0, self._place.down.size)) + 1
        )

    def _scale(self, found: ErrorMapped) -> tuple[int, int]:
        """Lines and columns of the screen for a cell, where there are few."""
        height, width = self.room
        across = max(width // len(found.cells[0]), 1)
        return max(min(height // len(found.cells), across), 1), across

    def show(self) -> None:
        self.border_title = self._title()
        self.refresh()

    def _title(self) -> str:
        levels = self._levels()
        if levels is None:
            return "error map"
        low, high = levels
        steps = [low * (high / low) ** (n / len(SHADES)) for n in range(len(SHADES))]
        shown = steps if self.size.width > 60 else steps[::2]
        shades = SHADES if self.size.width > 60 else SHADES[::2]
        legend = " ".join(
            f"{shade} {words.number(step, 2)}"
            for shade, step in zip(shades, shown, strict=True)
        )
        return f"error ÷ typical value: {legend}"

    def _levels(self) -> tuple[float, float] | None:
        """The errors of the faintest and the strongest shade."""
        found, located = self.mapped, self._place.located
        if found is None or located is None:
            return None
        cells = [cell for row in found.cells for cell in row if cell]
        if not cells:
            return None
        low, high = min(cells), max(cells)
        return max(low, min(ROUNDING * located.floor, high), high / SPAN), high

    def render_line(self, y: int) -> Strip:
        plain = self.visual_style.rich_style
        found, width = self.mapped, self.size.width
        if found is None or self._place.located is None:
            return Strip([Segment("…" if y == 0 else "", plain)]).adjust_cell_length(
                width, plain
            )
        tall, wide = self._scale(found)
        row = y // tall
        if row == len(found.cells) and y % tall == 0:
            return self._below(found, wide, plain)
        if row >= len(found.cells):
            return Strip.blank(width, plain)
        segments = [self._beside(found, y, row, tall, plain)]
        here = self._cell_of_place(found)
        levels = self._levels()
        for column, cell in enumerate(found.cells[row]):
            marked = here == (row, column)
            segments.append(self._cell(cell, levels, marked, wide, plain))
        return Strip(segments).adjust_cell_length(width, plain)

    def _cell_of_place(self, found: ErrorMapped) -> tuple[int, int] | None:
        place, part = self._place, found.region
        if not place.is_on_map or found.axes != place.axes:
            return None
        rows, columns = len(found.cells), len(found.cells[0])
        down = (place.at[place.axes[0]] - part.top) * rows // (part.bottom - part.top)
        across = (place.at[place.axes[1]] - part.left) * columns // (part.right - part.left)
        return down, across

    def _cell(
        self,
        cell: float | None,
        levels: tuple[float, float] | None,
        marked: bool,
        wide: int,
        plain: Style,
    ) -> Segment:
        if marked:
            return Segment("┼" * wide, plain + Style(bold=True, reverse=True))
        if cell is None:
            glyph, style = "!", plain + Style(bold=True, reverse=True)
        else:
            shade = _shade(cell, levels)
            glyph = " " if shade is None else SHADES[shade]
            ramp = DARK if self.app.current_theme.dark else LIGHT
            style = plain if shade is None else plain + Style(color=ramp[shade])
        if marked:
            return Segment(
                ("┼" if wide == 1 else "┼" * wide), plain + Style(bold=True, reverse=True)
            )
        return Segment(glyph * wide, style)

    def _beside(
        self, found: ErrorMapped, y: int, row: int, tall: int, plain: Style
    ) -> Segment:
        """The place of the axis that goes down, at the first and the last row."""
        part, place = found.region, self._place
        here = self._cell_of_place(found)
        text, style = "", plain + Style(dim=True)
        if y % tall == 0:
            if here is not None and row == here[0]:
                text, style = (
                    _named(place.down, place.at[place.axes[0]]),
                    plain + Style(bold=True),
                )
            elif row == 0:
                text = _named(place.down, part.top)
            elif row == len(found.cells) - 1:
                text = _named(place.down, part.bottom - 1)
        return Segment(f"{text:<{self._label}}", style)

    def _below(self, found: ErrorMapped, wide: int, plain: Style) -> Strip:
        """Where the element is on the axis that goes across, and the ends of that axis."""
        part, place = found.region, self._place
        axis, width = place.across, len(found.cells[0]) * wide
        left, right = _named(axis, part.left), _named(axis, part.right - 1)
        labels = [(0, left, DIM), (width - len(right), right, DIM)]
        if (here := self._cell_of_place(found)) is not None:
            begin, text = here[1] * wide, f"▲ {_named(axis, place.at[place.axes[1]])}"
            if begin + len(text) > width:  # the name goes to the left of its marker
                text = f"{text[2:]} ▲"
                begin = max(begin - len(text) + 1, 0)
            labels.insert(0, (begin, text, Style(bold=True)))
        line = Strip(_side_by_side(labels, plain))
        label = Strip([Segment(" " * self._label, plain)])
        return Strip.join([label, line]).adjust_cell_length(self.size.width, plain)


def _side_by_side(labels: list[tuple[int, str, Style]], plain: Style) -> list[Segment]:
    """Labels at their places in a line; where two overlap, the later one is left out."""
    kept: list[tuple[int, str, Style]] = []
    for begin, text, style in labels:
        ends = ((x, x + len(other)) for x, other, _ in kept)
        if all(begin + len(text) < start or begin > end for start, end in ends):
            kept.append((begin, text, style))
    segments, x = [], 0
    for begin, text, style in sorted(kept, key=lambda each: each[0]):
        segments += [Segment(" " * (begin - x), plain), Segment(text, plain + style)]
        x = begin + len(text)
    return segments


def _named(axis: Axis, at: int) -> str:
    """A place in the axis's unit, or else its number."""
    return measured(axis, at) or f"{axis.name} {at}"


def _shade(cell: float, levels: tuple[float, float] | None) -> int | None:
    """Which shade an error has, None for that of rounding."""
    if levels is None or cell < levels[0] or cell == 0:
        return None
    low, high = levels
    position = math.log(cell / low) / math.log(high / low) if high > low else 1.0
    return min(int(position * len(SHADES)), len(SHADES) - 1)
