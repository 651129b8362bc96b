"""Which layer of PyTorch is which module of a port, on top of the dashboard."""

from rich.console import Group, RenderableType
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from debug.protocol.messages import Aligned
from tui import words
from tui.alignment_tables import PAIRS, UNPAIRED
from tui.columns import table_of
from tui.dashboard.screens.sheet import Sheet


class AlignmentScreen(Sheet):
    """The pairs with how each was found, and what only one side has."""

    def __init__(self, aligned: Aligned) -> None:
        super().__init__()
        self._aligned = aligned

    def compose(self) -> ComposeResult:
        found = self._aligned
        parts: list[RenderableType] = [Text(words.aligned(found), "bold")]
        parts += [Text(f"✗ {doubt}", "bold red") for doubt in found.doubts]
        parts += [Text(), table_of(PAIRS, found.pairs, self.room), Text()]
        if found.no_errors:
            parts.append(table_of(UNPAIRED, found.no_errors, self.room))
        with VerticalScroll(classes="sheet wide"):
            yield Static(Group(*parts))
