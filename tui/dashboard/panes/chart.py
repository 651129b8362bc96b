"""The error of every layer against depth, on a log scale, with PyTorch's own rounding.

The distance between a bar's top and the floor beside it is R: a bug is a bar that rises
far above the floor, and the error that it passes on lifts all the bars to its right. The
diamond beside a bar is the layer's isolated error: only where it is high, too, is the bug
in the layer. Where isolated it is as right as PyTorch, the floor hides it.
"""

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding
from textual.events import Click
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from debug.results.run import Run
from tui import words
from tui.dashboard.panes.bars import Bar, bars_of, decades_of
from tui.dashboard.panes.log_scale import LogScale
from tui.verdict_colours import colour

AXIS = 6
"""Cells for the labels on the left."""
WIDEST = 6
"""Cells of a bar, at most."""
SHORTEST = 3
"""Rows of the pane in which anything can be seen."""
RISING = " ▁▂▃▄▅▆▇█"
THIN = " ▖▌"
"""Where there is hardly a cell a layer: a bar on its left half, so that no two touch."""
FLOOR = "▁─▔"
GHOST = "┄"
RIGHT, WRONG = "·", "◆"
"""The isolated error of a layer that is right by itself, or wrong."""
LEGENDS = (
    "error  █ in the run  ◆ isolated (· right)  ─ floor (PyTorch's rounding)  ┄ last save",
    "error █ ◆ isolated ─ floor ┄ last save",
    "█ error ◆ isolated ─ floor",
)


class ChartPane(Widget, can_focus=True):
    """A bar a layer while there is room for that, else one for several: the worst."""

    BINDINGS = [
        Binding("left", "move(-1)", "layer before", show=False),
        Binding("right", "move(1)", "layer", key_display="← →"),
    ]

    class Chosen(Message):
        """A person wants to see another layer."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self) -> None:
        super().__init__(id="chart")
        self._run = Run()
        self._cursor = 0
        self._bars: list[Bar] = []
        self._decades = decades_of(self._run)

    def show(self, cursor: int, run: Run) -> None:
        self._run, self._cursor = run, cursor
        self._bars, self._decades = bars_of(run, self._columns), decades_of(run)
        self.border_title = self._legend
        self.refresh()

    def on_resize(self) -> None:
        self.show(self._cursor, self._run)

    @property
    def _legend(self) -> str:
        room = self.size.width - 4
        return next((each for each in LEGENDS if len(each) <= room), LEGENDS[-1])

    # -- Keys and mouse --------------------------------------------------------------

    def layer_at(self, x: int) -> int | None:
        """The layer under a column of the pane."""
        place = self._place_at(x - AXIS)
        return None if place is None else self._bars[place].index

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        layer = None if offset is None else self.layer_at(offset.x)
        if layer is not None:
            self.post_message(self.Chosen(layer))

    def action_move(self, layers: int) -> None:
        if self._run.layers:
            index = min(max(self._cursor + layers, 0), self._run.last)
            self.post_message(self.Chosen(index))

    # -- Where things are ------------------------------------------------------------

    @property
    def _columns(self) -> int:
        return max(self.size.width - AXIS, 1)

    def _place_at(self, column: int) -> int | None:
        """Which of the bars a column belongs to."""
        if not self._bars or not 0 <= column < self._columns:
            return None
        return ((column + 1) * len(self._bars) - 1) // self._columns

    def _begin(self, place: int) -> int:
        """The first column of a bar."""
        return place * self._columns // len(self._bars)

    @property
    def _thickness(self) -> int:
        """Cells of a bar; 0 where bars of a whole cell would touch."""
        return min(self._columns // len(self._bars) - 1, WIDEST)

    # -- Drawing ---------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        width, height = self.size
        plain = self.visual_style.rich_style
        if not self._bars or height < SHORTEST:
            return Strip.blank(width, plain)
        if y == height - 1:
            return self._marker_line(width, plain)
        scale = LogScale.fitting(*self._decades, height - 1)
        row = height - 2 - y
        tick = scale.tick(row)
        label = "" if tick is None else f"1e{tick}"
        segments = [Segment(f"{label:>{AXIS - 1}} ", plain + Style(dim=True))]
        for column in range(self._columns):
            place = self._place_at(column)
            assert place is not None
            at = column - self._begin(place)
            segments.append(self._cell(self._bars[place], at, row, scale, plain))
        return Strip(segments).adjust_cell_length(width, plain)

    def _cell(self, bar: Bar, at: int, row: int, scale: LogScale, plain: Style) -> Segment:
        """One cell of a bar or of what is beside it.

        Args:
            bar: that is drawn.
            at: the cell, from the bar's left.
            row: from below.
            scale: of the errors.
            plain: the style of the pane.
        """
        thick, (floor_row, where) = self._thickness, scale.row_of(bar.floor)
        floor = Segment(FLOOR[min(int(where * 3), 2)], plain + Style(dim=True))
        if at == max(thick, 0) and (mark := self._mark(bar, row, scale, plain)):
            return mark
        if thick < 1 and row == floor_row:  # bars that stand so close would hide it
            return floor
        if at < max(thick, 1) and (drawn := self._bar(bar, row, scale, plain)):
            return drawn
        if row == floor_row:
            return floor
        if bar.before is not None and scale.row_of(bar.before)[0] == row:
            return Segment(GHOST, plain)
        return Segment(" ", plain)

    def _mark(self, bar: Bar, row: int, scale: LogScale, plain: Style) -> Segment | None:
        """The isolated error, if it is in a row and is not the floor itself."""
        if bar.isolated is None or scale.row_of(bar.isolated)[0] != row:
            return None
        hidden = self._thickness < 1 or row == scale.row_of(bar.floor)[0]
        if hidden and not bar.isolated_wrong:
            return None
        if not bar.isolated_wrong:
            return Segment(RIGHT, plain)
        return Segment(WRONG, plain + self._style(bar) + Style(bold=True))

    def _bar(self, bar: Bar, row: int, scale: LogScale, plain: Style) -> Segment | None:
        """The part of a bar that is in a row, None where it is lower."""
        if bar.verdict is None:
            return None
        style = plain + self._style(bar)
        if bar.error is None:  # no number: a full bar of its glyph
            return Segment(words.GLYPHS[bar.verdict], style)
        glyphs = THIN if self._thickness < 1 else RISING
        steps = len(glyphs) - 1
        filled = round((scale.height_of(bar.error) - row) * steps)
        if filled <= 0:
            return None
        ghost = None if bar.before is None else scale.row_of(bar.before)[0]
        if row == ghost and filled >= steps and self._thickness > 0:
            return Segment(GHOST, style + Style(reverse=True))
        return Segment(glyphs[min(filled, steps)], style)

    def _style(self, bar: Bar) -> Style:
        """Loud is what is wrong by itself; dim what only inherits, or is not of now."""
        if bar.verdict is None:
            return Style(dim=True)
        shade = colour(bar.verdict, self.app.current_theme.dark)
        return Style(color=shade, dim=bar.quiet)

    def _marker_line(self, width: int, plain: Style) -> Strip:
        place = next(n for n, each in enumerate(self._bars) if self._cursor in each.layers)
        x = AXIS + self._begin(place) + max(self._thickness - 1, 0) // 2
        name = self._run.layers[self._cursor].name
        first, more = self._numbers()
        choices = [f"  {', '.join(each)}" for each in ([*first, *more], first)]
        bold, dim = plain + Style(bold=True), plain + Style(dim=True)
        for rest in (*choices, ""):
            if x + 2 + len(name + rest) <= width:
                segments = [(" " * x, plain), ("▲ " + name, bold), (rest, dim)]
                break
            if len(rest + name) + 2 <= x:  # to the left of its marker
                begin = " " * (x - len(rest + name) - 1)
                segments = [(begin, plain), (name, bold), (rest, dim), (" ▲", bold)]
                break
        else:
            segments = [((name[-max(x - 1, 0) :] + " ▲").rjust(x + 1), bold)]
        return Strip([Segment(*each) for each in segments]).adjust_cell_length(width, plain)

    def _numbers(self) -> tuple[list[str], list[str]]:
        """Those of the selected layer, and those that go where there is little room."""
        run, index = self._run, self._cursor
        result, isolated = run.results.get(index), run.isolated(index)
        if result is None:
            return ["has not run yet"], []
        first = [f"error {words.number(result.chained.rel_l2, 2)}"]
        if isolated is not None and isolated.rel_l2 is not None:
            first.append(f"isolated {words.number(isolated.rel_l2, 2)}")
        more = [f"floor {words.number(run.layers[index].floor, 2)}"]
        if (before := run.before.get(index)) is not None:
            more.append(f"last save {words.number(before.chained.rel_l2, 2)}")
        return first, more
