"""A table whose rows can be chosen, with columns as objects (`tui.columns`)."""

from collections.abc import Sequence
from io import StringIO
from typing import Generic, TypeVar

from rich.console import Console
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Container
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.columns import Column, table_of

T = TypeVar("T")
LEAST = 20
BAR = 3
"""Cells that the scroll bar and the edges take."""


class RowsPane(Container, Generic[T]):
    """The line of titles stays where it is; no text of a cell is ever markup."""

    def __init__(self, name: str) -> None:
        super().__init__(id=name, classes="rows-pane")
        self._titles = Static(classes="rows-titles", markup=False)
        self.list = OptionList(id=f"{name}-rows", markup=False)
        self._lines: list[Text] = []
        self.rows: Sequence[T] = []

    def compose(self) -> ComposeResult:
        yield self._titles
        yield self.list

    @property
    def room(self) -> int:
        """Cells of a row."""
        return max(self.size.width - BAR, LEAST)

    def show(self, columns: Sequence[Column[T]], rows: Sequence[T]) -> None:
        """The row that is selected stays so, by its place."""
        titles, *lines = _lines_of(columns, rows, self.room)
        self.rows = rows
        self._titles.update(titles)
        if lines == self._lines:
            return
        chosen, top = self.list.highlighted, self.list.scroll_y
        grown = lines[: len(self._lines)] == self._lines
        new = lines[len(self._lines) :] if grown else lines
        self._lines = lines
        if not grown:
            self.list.clear_options()
        self.list.add_options(Option(line) for line in new)
        if lines:
            self.list.highlighted = min(chosen or 0, len(lines) - 1)
        if not grown:
            self.list.scroll_to(y=top, animate=False)

    def as_text(self) -> str:
        """Without colours, for the clipboard."""
        return "\n".join(line.plain.rstrip() for line in self._lines)


def _lines_of(columns: Sequence[Column[T]], rows: Sequence[T], room: int) -> list[Text]:
    """The titles and then a line a row, each as wide as the table."""
    table = table_of(columns, rows, room)
    console = Console(width=max(room, table.width or 0), file=StringIO())
    lines = []
    for segments in console.render_lines(table, pad=False):
        text = Text(no_wrap=True, overflow="crop")
        for segment in segments:
            text.append(segment.text, segment.style)
        lines.append(text)
    return lines or [Text()]
