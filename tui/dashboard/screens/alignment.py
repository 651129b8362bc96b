"""Which layer of PyTorch is which module of a port, on top of the dashboard."""

from rich.console import Group, RenderableType
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from debug.results.run import Run
from tui import words
from tui.alignment_tables import PAIRS, UNPAIRED
from tui.columns import table_of
from tui.dashboard.screens.sheet import Sheet


class AlignmentScreen(Sheet):
    """The pairs with how each was found, and what only one side has."""

    def __init__(self, run: Run) -> None:
        """``run`` has an alignment, and the numbers that may refute its doubts."""
        super().__init__()
        self._run = run

    def compose(self) -> ComposeResult:
        found = self._run.aligned
        assert found is not None
        parts: list[RenderableType] = [Text(words.aligned(found), "bold")]
        parts += [Text(f"✗ {doubt}", "bold red") for doubt in self._run.doubts]
        parts += [Text(note) for note in words.computed_within(self._run)]
        parts += [Text(), table_of(PAIRS, found.pairs, self.room), Text()]
        if found.no_errors:
            parts.append(table_of(UNPAIRED, found.no_errors, self.room))
        with VerticalScroll(classes="sheet wide"):
            yield Static(Group(*parts))
