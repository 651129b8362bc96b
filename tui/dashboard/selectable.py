"""Text that can be selected with the mouse and copied with ctrl+c.

Textual selects what a widget draws as plain content, and nothing of tables, listings and
logs. Here the lines that are drawn are the text, so it does not matter what drew them.
"""

from typing import TYPE_CHECKING

from textual.actions import SkipAction
from textual.app import App
from textual.binding import Binding
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input, Static

# Textual takes a widget's style from the first of its bases that is one.
_Widget = Widget if TYPE_CHECKING else object


class Selectable(_Widget):
    """Comes before the widget that draws the lines."""

    ALLOW_SELECT = True

    @property
    def _top(self) -> int:
        """The line of the text that is drawn first."""
        return self.scroll_offset.y if isinstance(self, ScrollView) else 0

    def render_line(self, y: int) -> Strip:
        strip, line = super().render_line(y), self._top + y
        selection = self.text_selection
        span = None if selection is None else selection.get_span(line)
        if span is not None:
            begin, end = span
            end = strip.cell_length if end < 0 else min(end, strip.cell_length)
            begin = min(begin, end)
            style = self.screen.get_component_rich_style("screen--selection")
            marked = strip.crop(begin, end).apply_style(style)
            strip = Strip.join([strip.crop(0, begin), marked, strip.crop(end)])
        return strip.apply_offsets(0, line)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        size = self.virtual_size if isinstance(self, ScrollView) else self.size
        top = self._top
        lines = [super(Selectable, self).render_line(n - top) for n in range(size.height)]
        text = selection.extract("\n".join(line.text.rstrip() for line in lines))
        return text, "\n"


class SelectableText(Selectable, Static):
    """Whatever it shows."""


class CopiesSelection(App[int]):
    """Says what ctrl+c has copied; with nothing selected it is the key to leave with."""

    BINDINGS = [Binding("ctrl+c", "copy_selection", show=False, priority=True)]

    def action_copy_selection(self) -> None:
        if isinstance(self.focused, Input):  # it has a selection of its own
            raise SkipAction
        text = self.screen.get_selected_text()
        if not text or not text.strip():
            self.screen.clear_selection()
            self.action_help_quit()
            return
        self.copy_to_clipboard(text)  # OSC 52, so over ssh, too
        first, *more = text.strip().splitlines()
        said = f"{first.strip()} and {len(more)} more lines" if more else first
        self.notify(f"copied: {said}", markup=False)
