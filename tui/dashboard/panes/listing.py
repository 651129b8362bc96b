"""A file of either side: one line marked, and a verdict beside every line that has one.

The marked line is never cut: what does not fit goes on in the rows below it, so that all of
what may be wrong in it is seen.
"""

import re
from functools import lru_cache
from pathlib import Path

from rich.segment import Segment
from rich.style import Style
from rich.syntax import Syntax
from rich.text import Text
from textual.content import Content
from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from debug.protocol.diagnostic import cut
from debug.protocol.plain import plain
from debug.protocol.values import Place
from tui import words
from tui.dashboard.panes.gutter import Gutter
from tui.dashboard.selectable import Selectable
from tui.verdict_colours import colour, marked_background

SHORTEST = 12
"""Cells of a row into which a line is wrapped, at least."""
HANGING = "    "
BREAK = re.compile(r"[\s,(]+")
LONGEST = 2000
"""Characters of a line: a table in a source may be a line of a million."""


class _Drawn(ScrollView, can_focus=True):
    """It is highlighted once, and drawn line by line."""

    class LineChosen(Message, namespace="listing"):
        """The number beside a line was clicked."""

        def __init__(self, place: Place) -> None:
            super().__init__()
            self.place = place

    def __init__(self, side: str) -> None:
        super().__init__(id=side)
        self._parts: list[Text] = []
        """Of the marked line, a row each."""
        self._lines: list[Text] = []
        self._shown: tuple | None = None
        self._gutter: Gutter = {}
        self._digits = 3
        self._title = ""
        self._put: int | None = None
        """Where the pane was scrolled to for its line; None while that is on its way."""
        self.place: Place | None = None
        """The line that is marked."""

    def show(self, title: str, place: Place | None, gutter: Gutter) -> None:
        if title != self._title:
            self._title, self.border_title = title, Content(title)
        dark = self.app.current_theme.dark
        state = (place, dark, _modified(place.path) if place else 0.0)
        if (state, gutter) == (self._shown, self._gutter):
            return
        self._gutter = gutter
        if state != self._shown:
            self._shown = state
            self._open(place, *state[1:])
        self.refresh()

    def _open(self, place: Place | None, dark: bool, modified: float) -> None:
        self.place = place
        self._lines = _highlighted(place.path, dark, modified) if place else []
        self._digits = max(3, len(str(len(self._lines))))
        self._lay_out()
        self._scroll_to_place()

    def _lay_out(self) -> None:
        """Wraps the marked line into the room there is."""
        width = max((line.cell_len for line in self._lines), default=0)
        marked = self._marked
        room = max(self.size.width - self._margin, SHORTEST)
        self._parts = [] if marked is None else wrapped(self._lines[marked], room)
        height = len(self._lines) + max(len(self._parts) - 1, 0)
        self.virtual_size = Size(width + self._margin, height)

    @property
    def _marked(self) -> int | None:
        """The marked line, counted from 0, if there is such a line."""
        number = self.place.line - 1 if self.place else -1
        return number if 0 <= number < len(self._lines) else None

    def _line_at(self, row: int) -> tuple[int, int]:
        """The line in a row, and which part of it."""
        more = max(len(self._parts) - 1, 0)
        if self._marked is None or row <= self._marked:
            return row, 0
        if row <= self._marked + more:
            return self._marked, row - self._marked
        return row - more, 0

    @property
    def _margin(self) -> int:
        """Cells for the marker, the line number, the glyph and the spaces around it."""
        return self._digits + 4

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None or self.place is None or offset.x >= self._margin:
            return
        number, _ = self._line_at(offset.y + self.scroll_offset.y)
        if number < len(self._lines):
            self.post_message(self.LineChosen(Place(self.place.path, number + 1)))

    def on_resize(self) -> None:
        """The marked line comes into sight, unless a person has scrolled elsewhere; a
        hidden pane had no size to scroll in."""
        self._lay_out()
        if self._put in (None, self.scroll_offset.y):
            self._scroll_to_place()

    def _scroll_to_place(self) -> None:
        if self.place is not None:
            self._put = None
            self.call_after_refresh(self._put_place)

    def _put_place(self) -> None:
        line = self.place.line - 1 if self.place else 0
        above = self.size.height // 3
        self.scroll_to(x=0, y=max(0, line - above), animate=False, immediate=True)
        self._put = self.scroll_offset.y

    def render_line(self, y: int) -> Strip:
        plain = self.visual_style.rich_style
        left, top = self.scroll_offset
        width, (number, part) = self.size.width, self._line_at(top + y)
        if number >= len(self._lines):
            return Strip.blank(width, plain)
        marked = number == self._marked
        line = self._parts[part] if marked else self._lines[number]
        if marked:
            shade = marked_background(self.app.current_theme.dark)
            plain += Style(bgcolor=shade, bold=True)
            left = 0  # it is whole
        segments = line.render(self.app.console)
        code = Strip(Segment.apply_style(segments, plain, plain.background_style))
        code = code.crop_extend(left, left + max(width - self._margin, 0), plain)
        beside = Strip(self._beside(number + 1, marked, plain))
        if part:
            beside = Strip([Segment(" " * self._margin, plain)])
        return Strip.join([beside, code]).adjust_cell_length(width, plain)

    def _beside(self, number: int, marked: bool, plain: Style) -> list[Segment]:
        marker = "❱" if marked else " "
        style = plain + Style(bold=marked, dim=not marked)
        segments = [Segment(f"{marker}{number:>{self._digits}} ", style)]
        verdict = self._gutter.get(number)
        if verdict is None:
            return [*segments, Segment("  ", plain)]
        shade = colour(verdict, self.app.current_theme.dark)
        bold = Style(color=shade, bold=not verdict.healthy)
        return [*segments, Segment(f"{words.GLYPHS[verdict]} ", plain + bold)]


class Listing(Selectable, _Drawn):
    """Its text can be selected with the mouse."""


def wrapped(line: Text, room: int) -> list[Text]:
    """A line in rows of so many cells, broken after a space, a comma or a parenthesis where
    there is one. One that needs several gives up its indent."""
    text = line.plain.rstrip()
    if line.cell_len <= room:
        return [line]
    rows, rest, begin = [], line[len(text) - len(text.lstrip()) : len(text)], 0
    while rest.cell_len > room:
        ends = (match.end() for match in BREAK.finditer(rest.plain, begin, room))
        end = max((each for each in ends if each > begin), default=room)
        rows.append(rest[:end])
        rest = Text(HANGING).append_text(rest[end:])
        begin = len(HANGING)
    return [*rows, rest]


def code_of(place: Place) -> str:
    """A line of a file, without its indent; empty if there is no such line."""
    lines = _highlighted(place.path, True, _modified(place.path))
    return lines[place.line - 1].plain.strip() if 0 < place.line <= len(lines) else ""


@lru_cache(maxsize=8)
def _highlighted(path: str, dark: bool, modified: float) -> list[Text]:
    """The lines of a file as it was when it was modified."""
    try:
        if Path(path).is_fifo():  # which would be read for ever
            return [Text(f"can't read {path}: it is a pipe")]
        text = plain(Path(path).read_text(errors="replace"))
        code = "\n".join(cut(line, LONGEST) for line in text.split("\n"))
    except OSError as error:
        return [Text(f"can't read {path}: {error.strerror}")]
    theme = "ansi_dark" if dark else "ansi_light"
    syntax = Syntax(code, "python", theme=theme, background_color="default")
    lines = syntax.highlight(code).split("\n", allow_blank=True)
    for line in lines:
        line.end, line.style = "", ""  # the pane has a background of its own
        line.expand_tabs(4)
    return list(lines)


def _modified(path: str) -> float:
    try:
        return Path(path).stat().st_mtime
    except OSError:
        return 0.0
