"""A text that can be scrolled, with a title."""

from io import StringIO

from rich.console import Console, RenderableType
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content

from tui.dashboard.selectable import SelectableText

COPIED = 200
"""Columns of what is copied."""


class TextPane(VerticalScroll):
    def __init__(self, name: str) -> None:
        super().__init__(id=name, classes="text-pane")
        self._text = SelectableText(markup=False)

    def compose(self) -> ComposeResult:
        yield self._text

    @property
    def room(self) -> int:
        """Cells of a line."""
        return max(self.scrollable_content_region.width, 20)

    def show(self, title: str, text: RenderableType) -> None:
        if str(self.border_title) != title:
            self.border_title = Content(title)
            self.scroll_home(animate=False)
        self._text.update(text)

    def reveal(self, mark: str) -> None:
        """Scrolls to the first line that begins with a mark, if that can't be seen."""
        lines = self.as_text(self.room).splitlines()
        found = next((n for n, line in enumerate(lines) if line.startswith(mark)), 0)
        height = self.scrollable_content_region.height
        if found >= self.scroll_y + height - 1:
            self.scroll_to(y=found - height // 2, animate=False)

    def as_text(self, width: int = COPIED) -> str:
        """Without colours, for the clipboard."""
        console = Console(width=width, color_system=None, file=StringIO())
        with console.capture() as captured:
            console.print(self._text.content)
        return "\n".join(line.rstrip() for line in captured.get().splitlines())
