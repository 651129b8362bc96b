"""The last error in full, with its traceback."""

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from tui.dashboard.screens.sheet import Sheet
from tui.dashboard.state import State


class DetailsScreen(Sheet):
    """The whole text of a diagnostic, when it was, and whether that is over."""

    def __init__(self, state: State) -> None:
        """``state`` has a problem."""
        super().__init__()
        assert state.problem is not None
        self._diagnostic = state.problem
        self._when = state.problem_at + (", mended since" if state.is_mended else "")

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="sheet") as sheet:
            sheet.border_title = f"the last error, of {self._when}"
            yield Static(f"{self._diagnostic}\n", markup=False)
            yield Static(self._diagnostic.detail or "Nothing more is known.", markup=False)
