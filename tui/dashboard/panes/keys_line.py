"""The last line: the keys that are of use now, each a place to click."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from rich.text import Text
from textual.events import Click
from textual.widgets import Static

from tui.dashboard.keys import Key
from tui.dashboard.offers import ALWAYS

GAP = "  "


class KeysLine(Static):
    def __init__(self) -> None:
        super().__init__(id="keys", markup=False)
        self._places: list[tuple[int, int, str]] = []
        """Where a key begins and ends, and what it is called by Textual."""
        self._shown: tuple | None = None

    def show(
        self,
        names: Sequence[str],
        keys: Sequence[Key],
        last: Sequence[str] = ALWAYS,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        """
        Args:
            names: of the keys to be offered, the most wanted first.
            keys: all there are, as this person has them.
            last: those at the end, whatever the room.
            labels: what some are called now.
        """
        labels, width = labels or {}, self.app.size.width
        wanted = (tuple(names), tuple(keys), tuple(labels.items()), width)
        if self._shown == wanted:
            return
        self._shown = wanted
        by_name = {
            key.name: replace(key, label=labels.get(key.name, key.label)) for key in keys
        }
        end = [by_name[name] for name in last]
        room = width - 2 - sum(len(_said(key)) + len(GAP) for key in end)
        first = []
        for key in (by_name[name] for name in names):
            if (room := room - len(_said(key)) - len(GAP)) < 0:
                break
            first.append(key)
        self._draw([*first, *end])

    def _draw(self, keys: Sequence[Key]) -> None:
        text, self._places = Text(" ", no_wrap=True, end=""), []
        for key in keys:
            begin = text.cell_len
            text.append(_keys(key), "bold").append(f" {key.label}").append(GAP)
            self._places.append((begin, text.cell_len - len(GAP), key.keys.split(",")[0]))
        self.update(text, layout=False)

    def on_click(self, event: Click) -> None:
        for begin, end, key in self._places:
            if begin <= event.x < end:
                self.app.simulate_key(key)


def _keys(key: Key) -> str:
    return key.display.partition(" ")[0]


def _said(key: Key) -> str:
    return f"{_keys(key)} {key.label}"
