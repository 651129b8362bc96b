"""What the sheets that open on top of the dashboard have in common."""

from textual.binding import Binding
from textual.screen import ModalScreen

from tui.dashboard.keys import HELP

WIDE_SHARE, WIDEST, EDGES = 0.95, 130, 6
"""Of a wide sheet, as app.tcss has it: its part of the screen, its limit in cells, and what
border, padding and scroll bar take."""


class Sheet(ModalScreen[None]):
    """A page of text that any of the usual keys closes."""

    BINDINGS = [Binding("escape,q,e,enter", "dismiss", "close"), HELP]

    @property
    def room(self) -> int:
        """Cells of a line in a wide sheet."""
        return min(int(self.app.size.width * WIDE_SHARE), WIDEST) - EDGES
