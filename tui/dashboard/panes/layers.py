"""The layers in order of computation, with their verdicts."""

from collections.abc import Collection

from rich.style import Style
from rich.text import Text
from textual.widgets import DataTable

from debug.protocol.messages import Compared
from debug.results.run import Run
from debug.results.stepper import Stepper
from tui import words
from tui.dashboard.second_run import SecondRun
from tui.themes import colour

NORMAL_FROM, WIDE_FROM = 110, 150
"""Columns of the terminal from which there is room for more."""
BAR_WIDTH = 8
WIDTHS = {
    "mark": ("", 2),
    "verdict": ("verdict", 11),
    "name": ("layer", 22),
    "shape": ("shape", 12),
    "ratio": ("R", 7),
    "alone": ("alone", 7),
    "bar": ("error", BAR_WIDTH + 1),
    "change": ("save", 9),
    "second": ("", 10),
}
NARROW = {"mark": 2, "verdict": 2, "name": 20, "ratio": 8, "alone": 7}
"""Where there is little room: the verdict is its glyph."""


class LayersPane(DataTable[Text]):
    """A row a layer; the selected row is the one that the other panes are about."""

    BORDER_TITLE = "layers"

    def __init__(self) -> None:
        super().__init__(
            id="layers", cursor_type="row", zebra_stripes=False, cell_padding=0
        )
        self._narrow = False

    def fill(self, run: Run, stepper: Stepper, second_run: SecondRun | None) -> None:
        """Lays out the columns for the room there is, and a row for each layer."""
        row, top = self.cursor_row, self.scroll_y
        self.clear(columns=True)
        self._narrow = self.app.size.width < NORMAL_FROM
        for key, width in self._columns(second_run is not None).items():
            label = WIDTHS[key][0]
            if key == "second" and second_run is not None:
                label = second_run.run_mode.name
            self.add_column(label if len(label) < width else "", key=key, width=width)
        for index, layer in enumerate(run.layers):
            self.add_row(*[Text("")] * len(self.columns), key=str(index))
            indent = "" if self._narrow else " " * max(0, stepper.depth(index) - 1)
            self._set(index, "verdict", Text("·" if self._narrow else "· waiting", "dim"))
            self._set(index, "name", Text(indent + layer.name))
            shape = words.shape(layer.reference.shape)
            self._set(index, "shape", Text(shape, "dim"))
        self.select(min(row, max(len(run.layers) - 1, 0)))
        self.scroll_to(y=top, animate=False)

    def _columns(self, has_second: bool) -> dict[str, int]:
        """What fits: the second opinion's verdict takes another's place."""
        if self._narrow:
            return NARROW
        left_out = {"shape"} if has_second else {"second"}
        if self.app.size.width < WIDE_FROM:
            left_out |= {"shape", "bar"} if has_second else {"shape"}
        return {key: width for key, (_, width) in WIDTHS.items() if key not in left_out}

    def select(self, row: int) -> None:
        """Moves the cursor; after a jump, what is around the row is shown with it."""
        jump = abs(row - self.cursor_row) > 2
        self.move_cursor(row=row, animate=False)
        height = self.scrollable_content_region.height - self.header_height
        visible = self.scroll_y < row < self.scroll_y + height - 1
        if jump and not visible:
            self.scroll_to(y=row - height // 2, animate=False, force=True)

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
        self._set(index, "mark", Text(mark, style="bold"))
        if result is None:
            return
        style = self._style(result)
        if result.generation != run.generation or run.stale:
            style += Style(dim=True)
        error = words.error_of(result)
        verdict = result.chained.verdict
        word = words.GLYPHS[verdict] if self._narrow else words.verdict(verdict)
        self._set(index, "verdict", Text(word, style))
        self._set(index, "ratio", Text(words.ratio(result.chained.ratio), style))
        self._set(index, "alone", self._isolated(index, run))
        self._set(index, "bar", Text(words.bar(error, BAR_WIDTH), style))
        self._set(index, "change", self._trend(index, run))
        self._set(index, "second", self._second(index, second_run))

    def _isolated(self, index: int, run: Run) -> Text:
        """R of the layer by itself; kept, but dim, until this generation has its own."""
        event = run.isolated_events.get(index)
        if event is None:
            return Text("")
        divergence = event.divergence
        style = self._verdict_style(divergence.verdict)
        if run.isolated(index) is None or run.stale:
            style += Style(dim=True)
        word = words.ratio(divergence.ratio)
        return Text(words.GLYPHS[divergence.verdict] if word == "-" else word, style)

    def _trend(self, index: int, run: Run) -> Text:
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

    def _set(self, index: int, column: str, text: Text) -> None:
        if column not in self.columns:
            return
        shown = self.get_cell(str(index), column)
        if (shown.plain, shown.style) != (text.plain, text.style):
            self.update_cell(str(index), column, text)
