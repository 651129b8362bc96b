"""Which columns the layers have: a list to tick, at work at once behind it."""

from collections.abc import Callable

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from tui.dashboard.arrangement import ColumnKey
from tui.dashboard.panes.layer_columns import ALWAYS, COLUMNS, Column
from tui.dashboard.screens.sheet import Sheet

CHOICES = [column for column in COLUMNS if column.key not in ALWAYS]
TICKED, NOT_TICKED = "[x] ", "[ ] "


class ColumnsScreen(Sheet):
    """What is ticked last is shown first, should there not be room for all."""

    BINDINGS = [
        Binding("K", "dismiss", "close"),
        Binding("space,enter", "tick", "tick", priority=True),
    ]

    def __init__(self, wanted: list[ColumnKey], changed: Callable[[], None]) -> None:
        """``wanted`` is changed in place, and ``changed`` told so."""
        super().__init__()
        self._wanted, self._changed = wanted, changed
        self.list = OptionList(classes="sheet", markup=False)

    def compose(self) -> ComposeResult:
        self.list.add_options(Option(self._told(each)) for each in CHOICES)
        self.list.border_title = "columns of the layers (space ticks one)"
        self.list.highlighted = 0
        yield self.list

    def _told(self, column: Column) -> Text:
        is_wanted = column.key in self._wanted
        label = f"{column.label or '2nd run':<10}"
        tick = (TICKED, "bold") if is_wanted else (NOT_TICKED, "dim")
        return Text.assemble(
            tick, (label, "bold" if is_wanted else ""), (column.help, "dim")
        )

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.action_tick()

    def action_tick(self) -> None:
        row = self.list.highlighted
        if row is None:
            return
        key = CHOICES[row].key
        if key in self._wanted:
            self._wanted.remove(key)
        else:
            self._wanted.insert(0, key)
        self.list.replace_option_prompt_at_index(row, self._told(CHOICES[row]))
        self._changed()
