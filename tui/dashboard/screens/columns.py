"""Which columns the layers have: a list to tick, at work at once behind it."""

from collections.abc import Callable

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.widgets import SelectionList
from textual.widgets.selection_list import Selection

from tui.dashboard.arrangement import ColumnKey
from tui.dashboard.panes.layer_columns import ALWAYS, COLUMNS
from tui.dashboard.screens.sheet import Sheet


class ColumnsScreen(Sheet):
    """What is ticked last is shown first, should there not be room for all."""

    BINDINGS = [("K", "dismiss", "close")]

    def __init__(self, wanted: list[ColumnKey], changed: Callable[[], None]) -> None:
        """``wanted`` is changed in place, and ``changed`` told so."""
        super().__init__()
        self._wanted, self._changed = wanted, changed

    def compose(self) -> ComposeResult:
        choices = [column for column in COLUMNS if column.key not in ALWAYS]
        ticks = SelectionList[ColumnKey](
            *(
                Selection(
                    Text.assemble(f"{each.label or '2nd run':<10}", (each.help, "dim")),
                    each.key,
                    each.key in self._wanted,
                )
                for each in choices
            ),
            classes="sheet",
        )
        ticks.border_title = "columns of the layers (space ticks one)"
        yield ticks

    @on(SelectionList.SelectionToggled)
    def _toggled(self, event: SelectionList.SelectionToggled) -> None:
        key = event.selection.value
        if key in self._wanted:
            self._wanted.remove(key)
        else:
            self._wanted.insert(0, key)
        self._changed()
