"""What the sheets that open on top of the dashboard have in common."""

from textual.binding import Binding
from textual.screen import ModalScreen


class Sheet(ModalScreen[None]):
    """A page of text that any of the usual keys closes."""

    BINDINGS = [Binding("escape,q,question_mark,e,enter", "dismiss", "close")]
