"""The candidate's source at the current layer, or at the line of an error."""

from functools import lru_cache
from pathlib import Path

from rich.segment import Segment
from rich.style import Style
from rich.syntax import Syntax
from rich.text import Text
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from debug.protocol import Place
from debug.run import Run

LINES_ABOVE = 3
GUTTER = 6
"""Cells for the marker and the line number."""


class SourcePane(ScrollView, can_focus=True):
    """A file with one line marked. It is highlighted once, and drawn line by line."""

    BORDER_TITLE = "source"

    def __init__(self) -> None:
        super().__init__(id="source")
        self._lines: list[Text] = []
        self._shown: tuple | None = None
        self.place: Place | None = None
        """The line that is marked, for an editor to open."""

    def show(self, index: int, run: Run) -> None:
        place, title = _place(index, run)
        problem = run.stale if run.stale and run.stale.path and run.stale.line else None
        if problem and problem.path and problem.line:
            place, title = Place(problem.path, problem.line), str(problem)
        self.set_class(problem is not None, "problem")
        dark = self.app.current_theme.dark
        modified = _modified(place.path) if place else 0.0
        state = (place, title, dark, modified)
        if state == self._shown:
            return
        self._shown, self.place = state, place
        self.border_title = f"source: {title}"
        self._lines = _highlighted(place.path, dark, modified) if place else []
        width = max((line.cell_len for line in self._lines), default=0) + GUTTER
        self.virtual_size = Size(width, len(self._lines))
        self._scroll_to_place()
        self.refresh()

    def on_resize(self) -> None:
        self._scroll_to_place()  # a hidden pane has no size to scroll in

    def _scroll_to_place(self) -> None:
        if self.place is not None:
            line = max(0, self.place.line - 1 - LINES_ABOVE)
            self.call_after_refresh(self.scroll_to, x=0, y=line, animate=False)

    def render_line(self, y: int) -> Strip:
        plain = self.visual_style.rich_style
        left, top = self.scroll_offset
        width, number = self.size.width, top + y
        if number >= len(self._lines):
            return Strip.blank(width, plain)
        marked = self.place is not None and number + 1 == self.place.line
        marker = "❱" if marked else " "
        gutter = Segment(
            f"{marker}{number + 1:>4} ", plain + Style(bold=marked, dim=not marked)
        )
        code = Strip(self._lines[number].render(self.app.console)).apply_style(plain)
        code = code.crop_extend(left, left + max(width - GUTTER, 0), plain)
        if marked:
            code = code.apply_style(Style(bold=True))
        return Strip.join([Strip([gutter]), code]).adjust_cell_length(width, plain)


def _place(index: int, run: Run) -> tuple[Place | None, str]:
    """The line that calls a layer, or its block's if none does, and what to call it."""
    if run.loaded is None or not 0 <= index < len(run.layers):
        return None, ""
    layer = run.layers[index]
    if layer.is_input:
        return None, f"it is fed {layer.name}"
    finding = run.finding(index)
    if finding is not None and (place := finding.place):
        return place, f"{Path(place.path).name}:{place.line}, {finding.op or 'the mistake'}"
    if place := run.loaded.places.get(layer.name):
        return place, f"{Path(place.path).name}:{place.line}"
    return run.loaded.places.get(layer.parent or ""), f"nothing here calls {layer.name}"


@lru_cache(maxsize=8)
def _highlighted(path: str, dark: bool, modified: float) -> list[Text]:
    """The lines of a file as it was when it was modified."""
    try:
        code = Path(path).read_text(errors="replace")
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
