"""The layers in order of computation, with their verdicts."""

from collections.abc import Collection

from rich.style import Style
from rich.text import Text
from textual.widgets import DataTable

from debug.protocol import Compared
from debug.run import Run
from debug.stepper import Stepper
from tui import words

BAR_WIDTH = 8
COLUMNS = {
    "mark": ("", 1),
    "verdict": ("verdict", 10),
    "name": ("layer", 20),
    "ratio": ("R", 7),
    "bar": ("error", BAR_WIDTH),
    "change": ("save", 8),
    "compiled": ("compiled", 10),
    "shape": ("shape", 13),
}
OLD = "dim"
"""Results of an earlier generation, until this one has come that far."""


class LayersPane(DataTable[Text]):
    """A row a layer; the selected row is the one that the other panes are about."""

    BORDER_TITLE = "layers"

    def __init__(self) -> None:
        super().__init__(
            id="layers", cursor_type="row", zebra_stripes=False, cell_padding=0
        )

    def on_mount(self) -> None:
        for key, (label, width) in COLUMNS.items():
            self.add_column(label, key=key, width=width + 1)

    def fill(self, run: Run, stepper: Stepper) -> None:
        """Lays out the rows of a subject."""
        row = self.cursor_row
        self.clear()
        for index, layer in enumerate(run.layers):
            indent = " " * max(0, stepper.depth(index) - 1)
            cells = [Text("") for _ in COLUMNS]
            cells[1] = Text("· waiting", style=OLD)
            cells[2] = Text(indent + layer.name)
            cells[7] = Text(words.shape(layer.reference.shape), style=OLD)
            self.add_row(*cells, key=str(index))
        self.select(min(row, max(len(run.layers) - 1, 0)))

    def select(self, row: int) -> None:
        self.move_cursor(row=row, animate=False)

    def show(
        self, index: int, run: Run, breakpoints: Collection[str], compiled: Run | None
    ) -> None:
        """Brings one row up to date."""
        layer, result = run.layers[index], run.results.get(index)
        mark = "●" if layer.name in breakpoints else ""
        if index == run.position:
            mark = "▶"
        self._set(index, "mark", Text(mark, style="bold"))
        if result is None:
            return
        style = self._style(result)
        if result.generation != run.generation or run.stale:
            style += Style(dim=True)
        error = words.error_of(result)
        self._set(index, "verdict", Text(words.verdict(result.chained.verdict), style))
        self._set(index, "ratio", Text(words.ratio(result.chained.ratio), style))
        self._set(index, "bar", Text(words.bar(error, BAR_WIDTH), style))
        self._set(index, "change", self._change(index, run))
        self._set(index, "compiled", self._compiled(index, compiled))

    def _change(self, index: int, run: Run) -> Text:
        change = run.change(index)
        if change is None:
            return Text("")
        verdict = words.CHANGE_VERDICTS.get(change)
        style = self._verdict_style(verdict) if verdict else Style(dim=True)
        return Text(words.CHANGE_GLYPHS[change], style)

    def _compiled(self, index: int, compiled: Run | None) -> Text:
        result = compiled.results.get(index) if compiled else None
        if result is None:
            return Text("")
        style = self._style(result)
        if compiled and compiled.stale:
            style += Style(dim=True)
        return Text(words.verdict(result.chained.verdict), style)

    def _style(self, result: Compared) -> Style:
        return self._verdict_style(result.chained.verdict)

    def _verdict_style(self, verdict: words.Verdict) -> Style:
        colour = self.app.theme_variables[words.style_variable(verdict)]
        return Style(color=colour, bold=not verdict.healthy)

    def _set(self, index: int, column: str, text: Text) -> None:
        self.update_cell(str(index), column, text)
