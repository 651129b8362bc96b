"""The last error in full, with its traceback."""

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from debug.protocol.diagnostic import Diagnostic
from tui.dashboard.screens.sheet import Sheet


class DetailsScreen(Sheet):
    """The whole text of a diagnostic."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__()
        self._diagnostic = diagnostic

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="sheet"):
            yield Static(str(self._diagnostic) + "\n", markup=False)
            yield Static(self._diagnostic.detail or "Nothing more is known.", markup=False)
