"""The help page: how it works, every key by task, every word on the screen, a search."""

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.widgets import Input, Static

from tui.dashboard.glossary import SECTIONS
from tui.dashboard.keys import Key, Keyboard
from tui.dashboard.overlay_keys import OVERLAYS
from tui.dashboard.room import SLIM_BELOW
from tui.dashboard.screens.sheet import Sheet

ABOUT = (
    "Each layer of your MAX graph runs beside the same layer in PyTorch. Save the source "
    "in any editor: it is read again, and only the layers that the edit affects are "
    "computed again. R says by how much more than rounding a layer is off; the line above "
    "the layers names the guilty line and the mistake."
)
WIDE, SLIM = 26, 13
NOTHING = "No key and no word here has {text!r}."


class HelpScreen(Sheet):
    BINDINGS = [
        Binding("slash", "search", "search"),
        Binding("question_mark,f1", "dismiss", "close", id="help"),
    ]

    def __init__(self, keys: Sequence[Key], first: Sequence[Key] = ()) -> None:
        """
        Args:
            keys: the dashboard's, as this person has them.
            first: those of the screen that help was asked for in.
        """
        super().__init__()
        others = [key for _, each in OVERLAYS for key in each]
        self._sections = {**_by_task((*first, *keys, *others)), **_words(Keyboard(keys))}

    def compose(self) -> ComposeResult:
        with Vertical(classes="sheet") as sheet:
            sheet.border_title = "help"
            sheet.border_subtitle = "/ search · esc close"
            yield Input(placeholder="a key, a word or a part of one", compact=True)
            with VerticalScroll():
                yield Static(id="found")

    def on_mount(self) -> None:
        self.query_one(VerticalScroll).focus()
        self._show("")

    def action_search(self) -> None:
        self.query_one(Input).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        self._show(event.value.strip())

    def on_input_submitted(self) -> None:
        self.query_one(VerticalScroll).focus()

    def _show(self, text: str) -> None:
        parts: list[RenderableType] = [] if text else [Text(ABOUT)]
        room = WIDE if self.app.size.width >= SLIM_BELOW else SLIM
        for title, rows in self._with(text):
            parts += [Text(f"\n{title}" if parts else title, "bold"), _table(rows, room)]
        found = Group(*parts) if parts else Text(NOTHING.format(text=text))
        self.query_one("#found", Static).update(found)
        self.query_one(VerticalScroll).scroll_home(animate=False)

    def _with(self, text: str) -> Iterator[tuple[str, Mapping[str, str]]]:
        """The sections that have a text, each with its rows that do."""
        wanted = text.lower()
        for title, rows in self._sections.items():
            all_of_it = wanted in title.lower()
            found = {
                name: said
                for name, said in rows.items()
                if all_of_it or name == text or wanted in f"{name} {said}".lower()
            }
            if found:
                yield title, found


def _by_task(keys: Sequence[Key]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for key in keys:
        found.setdefault(key.group, {})[key.display] = key.help
    return found


def _words(keyboard: Keyboard) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for title, rows in SECTIONS.items():
        told = {name: keyboard.told(said) for name, said in rows.items()}
        found[f"Words: {title.lower()}"] = told
    return found


def _table(rows: Mapping[str, str], room: int) -> Table:
    """``room`` is that of the words, in cells."""
    table = Table.grid(padding=(0, 2))
    table.add_column(max_width=room)
    for name, said in rows.items():
        table.add_row(Text(name, "bold"), Text(said))
    return table
