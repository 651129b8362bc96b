"""The overlay of a layer's operations: open at once, filled as the engine answers.

The table comes first; how much the layer matters in the end takes two runs of the whole
model, and comes after it. What a save has outdated is asked for again once the layer has
run.
"""

from rich.console import Group
from rich.text import Text
from textual.app import ComposeResult
from textual.widgets import Static

from debug.protocol.diagnostic import INSPECT, Problem
from debug.protocol.messages import Inspect, Inspected
from tui import words
from tui.dashboard.activity import why_refused
from tui.dashboard.changes import Answered, Change, Refused
from tui.dashboard.engine_link import EngineLink
from tui.dashboard.operations.table import CULPRIT, told
from tui.dashboard.overlay import Overlay
from tui.dashboard.overlay_keys import OPERATIONS_KEYS
from tui.dashboard.text_pane import TextPane

TITLE = "MAX beside PyTorch"


class OperationsScreen(Overlay[int]):
    """Gives back the layer that was looked at last."""

    KEYS = OPERATIONS_KEYS
    BINDINGS = [key.binding() for key in KEYS]

    def __init__(self, link: EngineLink, index: int) -> None:
        """
        Raises:
            Problem: there is nobody to ask, or nothing to ask about.
        """
        super().__init__(link)
        if not link.state.results.generation or not link.alive:
            raise Problem(INSPECT, why_refused(link.state.activity, link.state.keyboard))
        self._index = index
        self._inspected: Inspected | None = None
        self._waiting = False
        self._is_found = False
        """Whether the operation that is meant was shown."""
        self._refused = ""
        self.table = TextPane("operations")

    def compose(self) -> ComposeResult:
        yield Static(id="operations-title", classes="overlay-title", markup=False)
        yield self.table
        yield self.keys_line

    def on_mount(self) -> None:
        self.table.focus()
        self._ask()

    def on_resize(self) -> None:
        self.draw_soon()

    # -- Asking ----------------------------------------------------------------------

    def _ask(self) -> None:
        self._refused, self._waiting = "", True
        self._link.send(Inspect(self._index))
        self.draw()

    def hear(self, change: Change) -> None:
        match change:
            case Answered(Inspected() as found) if found.index == self._index:
                self._inspected, self._waiting = found, found.more_to_come
            case Refused(diagnostic) if diagnostic.kind == INSPECT:
                self._refused, self._waiting = diagnostic.message, False
            case _ if self._is_old and not self._waiting and not self._refused:
                if self._link.state.results.current(self._index) is not None:
                    self._ask()
        self.draw_soon()

    @property
    def _is_old(self) -> bool:
        """Whether what is shown is about an earlier save."""
        known, run = self._inspected, self._link.state.results
        return known is not None and known.generation != run.generation

    # -- Keys ------------------------------------------------------------------------

    def action_layer(self, step: int) -> None:
        index = self._index + step
        if not 0 <= index < len(self._link.state.results.layers):
            self.notify("that is the last layer" if step > 0 else "that is the first layer")
            return
        self._index, self._inspected, self._is_found = index, None, False
        self.table.scroll_home(animate=False)
        self._ask()

    def action_copy(self) -> None:
        text = self.table.as_text()
        self.app.copy_to_clipboard(text)
        self.notify(f"copied: {len(text.splitlines())} lines")

    def action_close(self) -> None:
        self.dismiss(self._index)

    # -- Drawing ---------------------------------------------------------------------

    def draw(self) -> None:
        self.offer()
        run = self._link.state.results
        layer, known = run.layers[self._index], self._inspected
        self.query_one("#operations-title", Static).update(self._title())
        if self._refused:
            self.table.show(TITLE, Text(self._refused, "bold"))
        elif known is None:
            self.table.show(TITLE, Text("the engine takes it apart …", "dim"))
        else:
            faults = run.faults()
            others = [run.layers[each].name for each in faults if each != self._index]
            parts = told(known, layer, others, self.table.room)
            self.table.show(TITLE, Group(*parts))
            if not self._is_found:
                self._is_found = True
                self.call_after_refresh(self.table.reveal, CULPRIT)
        self.table.set_class(self._is_old or run.stale is not None, "gone")

    def _title(self) -> Text:
        run = self._link.state.results
        text = Text.assemble((f" {run.layers[self._index].name} ", "bold"), "operations ")
        result, isolated = run.current(self._index), run.isolated(self._index)
        if isolated is not None:
            text.append(f" isolated {words.verdict(isolated.verdict)}")
            text.append(f" R {words.ratio(isolated.ratio)} ")
        elif result is None:
            text.append(" it has not run yet", "italic")
        if self._is_old or run.stale:
            text.append(" of an earlier save", "italic")
        return text
