"""What opens on top of the dashboard: help, an error in full, the search."""

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from debug.protocol.diagnostic import Diagnostic
from tui.dashboard.keys import KEYS
from tui.words import GLYPHS

ABOUT = (
    "The layers of your MAX graph run beside PyTorch's. Save the source in any editor and "
    "the dashboard reads it again; what the edit did not touch is not computed again.\n\n"
    "R is the layer's error over PyTorch's own rounding error there, both measured against "
    "PyTorch in float64: 1 is as good as PyTorch, up to 4 is ok, above 10 is a bug. Mean, "
    "std and range are shown because people expect them; they never decide.\n\n"
    "The source shows MAX's line and PyTorch's for the same step, each ❱; beside a line "
    "stands the worst verdict of the layers that it calls.\n"
)

VERDICTS = {
    "ok": "as close to float64 as float32 can be",
    "watch": "more than rounding, less than a bug",
    "diverged": "wrong",
    "invalid": "another shape or dtype, or NaN or Inf",
    "missing": "the candidate never computes this layer",
}


class Sheet(ModalScreen[None]):
    """A page of text that any of the usual keys closes."""

    BINDINGS = [Binding("escape,q,question_mark,e,enter", "dismiss", "close")]


class HelpScreen(Sheet):
    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="sheet"):
            yield Static(ABOUT, markup=False)
            yield Static(self._verdicts())
            yield Static(self._keys())

    @staticmethod
    def _verdicts() -> Table:
        table = Table.grid(padding=(0, 2))
        for verdict, glyph in GLYPHS.items():
            table.add_row(f"{glyph} {verdict.value}", VERDICTS[verdict.value])
        return table

    @staticmethod
    def _keys() -> Table:
        table = Table.grid(padding=(0, 2))
        group = ""
        for key in KEYS:
            if key.group != group:
                group = key.group
                table.add_row("", "")
                table.add_row(Text(group, "bold"), "")
            table.add_row(key.display, key.help)
        table.add_row("⇐", "behind this layer PyTorch's value goes on, not MAX's")
        table.add_row("enter, click", "run to the layer, if it has not been computed")
        table.add_row("ctrl+p", "every command by name")
        return table


class DetailsScreen(Sheet):
    """The whole text of a diagnostic."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__()
        self._diagnostic = diagnostic

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="sheet"):
            yield Static(str(self._diagnostic) + "\n", markup=False)
            yield Static(self._diagnostic.detail or "Nothing more is known.", markup=False)


class SearchScreen(ModalScreen[str]):
    """Asks for a part of a layer's name."""

    BINDINGS = [Binding("escape", "dismiss('')", "close")]

    def compose(self) -> ComposeResult:
        yield Input(placeholder="part of a layer's name, such as attn.query")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip())
