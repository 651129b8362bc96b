"""An overlay: a whole screen over the dashboard, about one thing, that goes along with the
run.

A sheet is read and closed; an overlay stays open over saves. It hears every change that the
link reports, and draws what is current as such, and the rest as old.
"""

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar, TypeVar

from textual.screen import ModalScreen

from tui.dashboard.changes import Change
from tui.dashboard.engine_link import EngineLink
from tui.dashboard.keys import HELP, Key
from tui.dashboard.panes.keys_line import KeysLine

T = TypeVar("T")
CLOSE = "close"
GATHERING_SECONDS = 0.1
"""For so long changes are gathered before they are drawn: a run has one a layer."""


class Overlay(ModalScreen[T]):
    """Is told of changes with `hear`; what it draws is in `draw`."""

    BINDINGS = [HELP]
    KEYS: ClassVar[Sequence[Key]] = ()
    _drawing = False

    def __init__(self, link: EngineLink) -> None:
        super().__init__()
        self._link = link
        self.keys_line = KeysLine()

    def offer(self) -> None:
        """The keys of the last line, each a place to click."""
        shown = [key.name for key in self.KEYS if key.shown and key.name != CLOSE]
        known = {key.name: key for key in (*self._link.state.keyboard.keys, *self.KEYS)}
        self.keys_line.show(shown, list(known.values()), ("help", CLOSE))

    @abstractmethod
    def draw(self) -> None:
        """Brings all of it up to date."""

    def hear(self, change: Change) -> None:
        """Something is known that was not."""
        self.draw_soon()

    def draw_soon(self) -> None:
        if not self._drawing and self.is_mounted:
            self._drawing = True
            self.set_timer(GATHERING_SECONDS, self._draw_now)

    def _draw_now(self) -> None:
        self._drawing = False
        self.draw()

    def bring_forward(self, name: str, others: tuple[str, ...]) -> None:
        """Focuses a pane; of others, where there is room for one only, shows this one."""
        if name in others:
            for other in others:
                self.query_one(f"#{other}").set_class(other != name, "aside")
        self.query_one(f"#{name}").focus()
