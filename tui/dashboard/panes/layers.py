"""The layers in order of computation, with their verdicts.

Which columns there are depends on the room: `COLUMNS` says for each how wide it is in a
wide or a narrow terminal. A column that is not there is not written to.

A row keeps the numbers of an earlier generation until it has its own, but does not pass for
run: it is dim and called "earlier", or has no glyph where that column does not fit.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from rich.style import Style
from rich.text import Text
from textual.widgets import DataTable

from debug.protocol.messages import Compared
from debug.results.run import Run
from debug.results.stepper import Stepper
from tui import words
from tui.dashboard.second_run import SecondRun
from tui.names import shortened
from tui.themes import colour

NORMAL_FROM, WIDE_FROM = 110, 150
"""Columns of the terminal from which there is room for more."""
BAR_WIDTH = 8
WAITING = "·"
"""The glyph of a layer that this generation has not run."""
INHERITED = "↳ inherited"
"""Of a layer that is right in isolation: its error is that of its input."""


class ColumnKey(StrEnum):
    """What a column shows."""

    MARK = "mark"
    VERDICT = "verdict"
    NAME = "name"
    SHAPE = "shape"
    RATIO = "ratio"
    ISOLATED = "isolated"
    BAR = "bar"
    CHANGE = "change"
    SECOND = "second"


@dataclass(frozen=True)
class Column:
    key: ColumnKey
    label: str
    width: int
    narrow: int | None = None
    """Its width where there is little room; None if it is left out there."""


COLUMNS = (
    Column(ColumnKey.MARK, "", 2, narrow=2),
    Column(ColumnKey.VERDICT, "verdict", 11, narrow=2),  # in a narrow one it is its glyph
    Column(ColumnKey.NAME, "layer", 22, narrow=20),
    Column(ColumnKey.SHAPE, "shape", 12),
    Column(ColumnKey.RATIO, "R", 7, narrow=8),
    Column(ColumnKey.ISOLATED, "isolated", 9, narrow=8),
    Column(ColumnKey.BAR, "error", BAR_WIDTH + 1),
    Column(ColumnKey.CHANGE, "save", 9),
    Column(ColumnKey.SECOND, "", 10),
)


class LayersPane(DataTable[Text]):
    """A row a layer; the selected row is the one that the other panes are about."""

    BORDER_TITLE = "layers"

    def __init__(self) -> None:
        super().__init__(
            id="layers", cursor_type="row", zebra_stripes=False, cell_padding=0
        )
        self._narrow = False
        self._selected = 0
        self._heirs: set[int] = set()

    def fill(self, run: Run, stepper: Stepper, second_run: SecondRun | None) -> None:
        """Lays out the columns for the room there is, and a row for each layer."""
        row, top = self.cursor_row, self.scroll_y
        self.clear(columns=True)
        self._narrow = self.app.size.width < NORMAL_FROM
        for column in self._shown(second_run is not None):
            width = column.narrow if self._narrow else column.width
            label = column.label
            if column.key is ColumnKey.SECOND and second_run is not None:
                label = second_run.run_mode.name
            fits = width is not None and len(label) <= width
            self.add_column(label if fits else "", key=column.key, width=width)
        name = next(column for column in COLUMNS if column.key is ColumnKey.NAME)
        room = (name.narrow if self._narrow else name.width) or name.width
        for index, layer in enumerate(run.layers):
            self.add_row(*[Text("")] * len(self.columns), key=str(index))
            indent = "" if self._narrow else " " * max(0, stepper.depth(index) - 1)
            waiting = WAITING if self._narrow else f"{WAITING} waiting"
            self._set(index, ColumnKey.VERDICT, Text(waiting, "dim"))
            self._set(index, ColumnKey.NAME, Text(shortened(indent, layer.name, room)))
            shape = words.shape(layer.reference.shape)
            self._set(index, ColumnKey.SHAPE, Text(shape, "dim"))
        self.select(min(row, max(run.last, 0)))
        self.scroll_to(y=top, animate=False)

    def _shown(self, has_second: bool) -> list[Column]:
        """What fits. The second run's verdict takes the place of the bar, which the chart
        shows, too; a shape is the next to go, for it stands among the numbers."""
        if self._narrow:
            return [column for column in COLUMNS if column.narrow is not None]
        left_out = {ColumnKey.BAR} if has_second else {ColumnKey.SECOND}
        if self.app.size.width < WIDE_FROM:
            left_out |= {ColumnKey.SHAPE}
        return [column for column in COLUMNS if column.key not in left_out]

    def select(self, row: int) -> None:
        """Moves the cursor; after a jump, what is around the row is shown with it."""
        jump = abs(row - self.cursor_row) > 2
        self._selected = row
        self.move_cursor(row=row, animate=False)
        height = self.scrollable_content_region.height - self.header_height
        visible = self.scroll_y < row < self.scroll_y + height - 1
        if jump and not visible:
            self.scroll_to(y=row - height // 2, animate=False, force=True)

    def learn(self, run: Run) -> None:
        """Before rows are shown: which of them only inherit an error."""
        self._heirs = run.heirs()

    @property
    def moved_by_hand(self) -> bool:
        """Whether the cursor is elsewhere than the program has put it."""
        return self.cursor_row != self._selected

    def show(
        self,
        index: int,
        run: Run,
        breakpoints: Collection[str],
        second_run: SecondRun | None,
    ) -> None:
        """Brings one row up to date."""
        layer, result = run.layers[index], run.results.get(index)
        mark = "●" if layer.name in breakpoints else ""
        if run.loaded and layer.name in run.loaded.injected:
            mark = "⇐"
        if index == run.position:
            mark = "▶"
        self._set(index, ColumnKey.MARK, Text(mark, style="bold"))
        if result is None:
            return
        style = self._style(result)
        inherited = index in self._heirs
        if inherited:
            style += Style(bold=False)
        if result.generation != run.generation or run.stale or inherited:
            style += Style(dim=True)
        error = words.error_of(result)
        verdict = result.chained.verdict
        word = INHERITED if inherited else words.verdict(verdict)
        if self._narrow:
            word = word[0] if run.current(index) else WAITING
        self._set(index, ColumnKey.VERDICT, Text(word, style))
        self._set(index, ColumnKey.RATIO, Text(words.ratio(result.chained.ratio), style))
        self._set(index, ColumnKey.ISOLATED, self._isolated(index, run))
        self._set(index, ColumnKey.BAR, Text(words.bar(error, BAR_WIDTH), style))
        self._set(index, ColumnKey.CHANGE, self._trend(index, run))
        self._set(index, ColumnKey.SECOND, self._second(index, second_run))

    def _isolated(self, index: int, run: Run) -> Text:
        """R of the layer in isolation; kept, but dim, until this generation has its own."""
        event = run.isolated_events.get(index)
        if event is None:
            return Text("")
        divergence = run.isolated(index) or event.divergence
        style = self._verdict_style(divergence.verdict)
        if run.isolated(index) is None or run.stale:
            style += Style(dim=True)
        word = words.ratio(divergence.ratio)
        return Text(words.GLYPHS[divergence.verdict] if word == "-" else word, style)

    def _trend(self, index: int, run: Run) -> Text:
        if run.current(index) is None:
            return Text("earlier", "dim")
        trend = run.trend(index)
        if trend is None:
            return Text("")
        verdict = words.TREND_VERDICTS.get(trend)
        style = self._verdict_style(verdict) if verdict else Style(dim=True)
        return Text(words.TREND_GLYPHS[trend], style)

    def _second(self, index: int, second_run: SecondRun | None) -> Text:
        result = second_run.run.results.get(index) if second_run else None
        if result is None:
            return Text("")
        style = self._style(result)
        if second_run and second_run.run.stale:
            style += Style(dim=True)
        return Text(words.verdict(result.chained.verdict), style)

    def _style(self, result: Compared) -> Style:
        return self._verdict_style(result.chained.verdict)

    def _verdict_style(self, verdict: words.Verdict) -> Style:
        shade = colour(verdict, self.app.current_theme.dark)
        return Style(color=shade, bold=not verdict.healthy)

    def _set(self, index: int, column: ColumnKey, text: Text) -> None:
        if column not in self.columns:
            return
        shown = self.get_cell(str(index), column)
        if (shown.plain, shown.style) != (text.plain, text.style):
            self.update_cell(str(index), column, text)
