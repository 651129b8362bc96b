"""The search: one line at the bottom that asks for a part of a layer's name."""

from collections.abc import Callable

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen
from textual.widgets import Input

from tui.dashboard.keys import HELP


class SearchScreen(ModalScreen[str]):
    """Gives back what was typed, empty if the search was given up."""

    BINDINGS = [Binding("escape", "dismiss('')", "close"), HELP]

    def __init__(self, typed: Callable[[str], bool]) -> None:
        """``typed`` is told the text at each key, and says whether a layer has it."""
        super().__init__()
        self._typed = typed

    def compose(self) -> ComposeResult:
        yield Input(placeholder="part of a layer's name, such as attn.query")

    def on_input_changed(self, event: Input.Changed) -> None:
        found = self._typed(event.value.strip())
        event.input.set_class(not found, "unknown")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip())
