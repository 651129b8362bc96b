"""The history: a row a save, and below it what lies between the selected save and another.

The other is the one before, or the one that was marked to compare with. No key here
changes a file of the person's: an earlier source is written to a new one.
"""

from collections.abc import Callable
from datetime import datetime

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.widgets import DataTable, Static

from debug.protocol.diagnostic import Problem
from tui.dashboard.engine_link import EngineLink
from tui.dashboard.files import write_source
from tui.dashboard.handing import Handed, handed_of
from tui.dashboard.history.table import SavesPane
from tui.dashboard.history.texts import compared, source, title_of, what_became
from tui.dashboard.overlay import Overlay
from tui.dashboard.overlay_keys import HISTORY_KEYS
from tui.dashboard.saves import Save
from tui.dashboard.text_pane import TextPane

BELOW = ("difference", "became")


class HistoryScreen(Overlay[None]):
    KEYS = HISTORY_KEYS
    BINDINGS = [key.binding() for key in KEYS]

    def __init__(self, link: EngineLink) -> None:
        super().__init__(link)
        self._state = link.state
        self._number: int | None = None
        """Of the save that is selected; None for the last one, whichever that is."""
        self._marked: int | None = None
        """Of the save that a person compares with."""
        self._whole = False
        """Whether the source is shown, and not its difference."""
        self.saves = SavesPane()
        self.difference = TextPane("difference")
        self.became = TextPane("became")

    def compose(self) -> ComposeResult:
        yield Static(id="history-title", classes="overlay-title", markup=False)
        with Container(id="history"):
            yield self.saves
            yield self.difference
            yield self.became
        yield self.keys_line

    def on_mount(self) -> None:
        self.bring_forward("difference", BELOW)
        self.saves.focus()
        self.draw()

    def on_resize(self) -> None:
        self.draw_soon()

    # -- The two saves ---------------------------------------------------------------

    @property
    def selected(self) -> Save | None:
        saves = self._state.history.saves
        if not saves:
            return None
        return saves[-1] if self._number is None else saves[self._number - 1]

    @property
    def base(self) -> Save | None:
        """What the selected one is compared with."""
        history, selected = self._state.history, self.selected
        if selected is None:
            return None
        if self._marked is not None and self._marked != selected.number:
            return history.saves[self._marked - 1]
        return history.before(selected)

    # -- Keys and mouse --------------------------------------------------------------

    @on(DataTable.RowHighlighted, "#saves")
    def _selected(self, event: DataTable.RowHighlighted) -> None:
        event.stop()
        if not self.saves.filling:
            self._take_cursor()
            self._draw_below()

    def _take_cursor(self) -> None:
        """Selects the save of the row that the cursor is in: a key that follows an arrow
        does not wait until the table has told of it."""
        number = self.saves.number_at(self.saves.cursor_row)
        if number is not None and not self.saves.filling:
            last = number == len(self._state.history.saves)
            self._number = None if last else number

    @on(DataTable.RowSelected, "#saves")
    def _entered(self, event: DataTable.RowSelected) -> None:
        event.stop()
        self.action_mark()

    def action_mark(self) -> None:
        """Compares with this save from now on; the second time no longer."""
        self._take_cursor()
        if self.selected is not None:
            number = self.selected.number
            self._marked = None if self._marked == number else number
            self.draw()

    def action_whole(self) -> None:
        self._take_cursor()
        self._whole = not self._whole
        self.bring_forward("difference", BELOW)
        self._draw_below()

    def action_pane(self, name: str) -> None:
        self.bring_forward(name, BELOW)

    def action_restore(self) -> None:
        self._try(self._restore)

    def _restore(self, save: Save) -> None:
        path = write_source(save)
        self.notify(f"written: {path}; your own file is as it was", markup=False)

    def action_copy_cause(self) -> None:
        self._try(self._copy_cause)

    def action_report(self) -> None:
        self._try(lambda save: self._link.written(self._handed(save).write(datetime.now())))

    def _try(self, take: Callable[[Save], None]) -> None:
        """Takes something of the selected save along, or says why not."""
        self._take_cursor()
        if self.selected is None:
            self.notify("no source has been read yet")
            return
        try:
            take(self.selected)
        except Problem as problem:
            self.app.bell()
            self.notify(problem.diagnostic.message, severity="warning", markup=False)

    def _handed(self, save: Save) -> Handed:
        return handed_of(save, self._state.history, self._state.results)

    def _copy_cause(self, save: Save) -> None:
        handed = self._handed(save)
        if causes := handed.causes:
            self.app.copy_to_clipboard("\n".join(causes))
        self.notify(handed.copied if causes else handed.none_yet, markup=False)

    def action_copy(self) -> None:
        text = self.difference.as_text()
        self.app.copy_to_clipboard(text)
        lines = text.count("\n") + 1
        self.notify(f"copied: {lines} lines of {self.difference.border_title}")

    def action_close(self) -> None:
        self.dismiss()

    # -- Drawing ---------------------------------------------------------------------

    def draw(self) -> None:
        self.offer()
        history, run = self._state.history, self._state.results
        title = title_of(history, self.selected, self.base)
        self.query_one("#history-title", Static).update(title)
        number = self.selected.number if self.selected else None
        self.saves.fill(history, run, number, self._marked)
        self._draw_below()

    def _draw_below(self) -> None:
        history, run = self._state.history, self._state.results
        selected, base = self.selected, self.base
        if selected is None:
            nothing = Text("no source has been read yet", "dim")
            self.difference.show("difference", nothing)
            self.became.show("what became of it", nothing)
            return
        title = title_of(history, selected, base)
        self.query_one("#history-title", Static).update(title)
        dark = self.app.current_theme.dark
        if self._whole or base is None:
            background = self.app.theme_variables["background"]
            text = source(selected, dark, background)
            self.difference.show(f"source of save {selected.number}", text)
        else:
            between = f"difference from save {base.number} to {selected.number}"
            self.difference.show(between, compared(base, selected, dark))
        became = what_became(history, run, selected, base, self.became.room)
        self.became.show(f"what became of save {selected.number}", became)
