"""What runs, as a small form: each control with its value, and what it may be.

Up and down go from row to row, enter starts the engine anew with what is there, escape
leaves everything as it is. What can't be meant is said in the last line, and nothing is
lost.
"""

from collections.abc import Callable

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, VerticalScroll
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input, Static

from debug.protocol.diagnostic import Problem
from tui.dashboard.controls import CONTROLS, Control, changed, controls_of, current, why_not
from tui.dashboard.keys import HELP
from tui.settings import Settings

HINT = "enter: start with these · esc: leave all as it is · ↑ ↓: another row"


class Choice(Static, can_focus=True):
    """One of a few values: left, right, space and a click go through them."""

    BINDINGS = [
        Binding("right,space", "turn(1)", "next", show=False),
        Binding("left", "turn(-1)", "previous", show=False),
    ]

    def __init__(self, choices: tuple[str, ...], value: str, name: str) -> None:
        super().__init__(id=f"set-{name}", markup=False)
        self._choices, self.value = choices, value

    def render(self) -> Text:
        return Text(f"◂ {self.value} ▸")

    def action_turn(self, by: int) -> None:
        known = self.value in self._choices
        place = self._choices.index(self.value) + by if known else 0
        self.value = self._choices[place % len(self._choices)]
        self.refresh()

    def on_click(self) -> None:
        self.action_turn(1)


class ControlsScreen(ModalScreen[Settings]):
    """Gives back the settings to start with, nothing if they are to stay."""

    BINDINGS = [
        Binding("escape", "dismiss", "close"),
        Binding("enter", "apply", "start"),
        Binding("up", "move(-1)", "up", priority=True),
        Binding("down", "move(1)", "down", priority=True),
        HELP,
    ]

    def __init__(self, settings: Settings, first: str = "", said: str = "") -> None:
        """
        Args:
            settings: what the last engine was started with.
            first: the control to begin at.
            said: why that did not start, if it did not.
        """
        super().__init__()
        self._settings, self._said = settings, said
        wanted = next((each for each in CONTROLS if each.name == first), None)
        if not said and wanted is not None:
            self._said = why_not(wanted, settings)
        self._shown = controls_of(settings)
        self._first = first if wanted in self._shown else self._shown[0].name
        self._rows = {each.name: _row(each, settings) for each in self._shown}

    def compose(self) -> ComposeResult:
        sheet = VerticalScroll(classes="sheet", can_focus=False)
        sheet.border_title = "what runs"
        with sheet:
            for each in self._shown:
                with Horizontal(classes="control"):
                    yield Static(each.label, classes="label", markup=False)
                    yield self._rows[each.name]
                    yield Static(each.help, classes="help", markup=False)
            yield Static(self._said or HINT, id="said", markup=False)

    def on_mount(self) -> None:
        self._rows[self._first].focus()

    def action_move(self, by: int) -> None:
        rows = list(self._rows.values())
        focused = next((place for place, row in enumerate(rows) if row.has_focus), 0)
        rows[(focused + by) % len(rows)].focus()

    def on_input_submitted(self) -> None:
        self.action_apply()

    def action_apply(self) -> None:
        typed = {
            name: row.value
            for name, row in self._rows.items()
            if isinstance(row, Input | Choice)
        }
        try:
            self.dismiss(changed(self._settings, typed))
        except Problem as problem:
            self.app.bell()
            self.query_one("#said", Static).update(f"✗ {problem.diagnostic.message}")


def _row(control: Control, settings: Settings) -> Widget:
    make: Callable[..., Widget] = _choice if control.choices else _input
    return make(control, current(control, settings))


def _choice(control: Control, value: str) -> Widget:
    return Choice(control.choices, value, control.name)


def _input(control: Control, value: str) -> Widget:
    usual = control.usual or "the bundled clip"
    return Input(value, placeholder=usual, compact=True, id=f"set-{control.name}")
