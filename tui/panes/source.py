"""The candidate's source at the current layer, or at the line of an error."""

from pathlib import Path

from rich.syntax import Syntax
from textual.app import ComposeResult
from textual.containers import ScrollableContainer
from textual.widgets import Static

from debug.protocol import Place
from debug.run import Run

LINES_ABOVE = 3


class SourcePane(ScrollableContainer):
    BORDER_TITLE = "source"

    def __init__(self) -> None:
        super().__init__(id="source")
        self._shown: tuple | None = None
        self.place: Place | None = None
        """The line that is shown, for an editor to open."""

    def compose(self) -> ComposeResult:
        yield Static(id="source-text", markup=False)

    def show(self, index: int, run: Run) -> None:
        place, problem = self._place(index, run)
        if run.stale and run.stale.path and run.stale.line:
            place, problem = Place(run.stale.path, run.stale.line), str(run.stale)
        if place is None:
            self._show_text(self._absence(index, run))
            return
        self.place = place
        dark = self.app.current_theme.dark
        state = (place, problem, run.generation, dark, _modified(place.path))
        if state == self._shown:
            return
        self._shown = state
        self._show_file(place, problem, dark)

    @staticmethod
    def _place(index: int, run: Run) -> tuple[Place | None, str | None]:
        """The line that calls a layer; its block's, with a word on it, if none does."""
        if run.loaded is None or not 0 <= index < len(run.layers):
            return None, None
        layer = run.layers[index]
        if layer.is_input:
            return None, None
        if place := run.loaded.places.get(layer.name):
            return place, None
        parent = run.loaded.places.get(layer.parent or "")
        return parent, f"nothing here calls {layer.name}" if parent else None

    @staticmethod
    def _absence(index: int, run: Run) -> str:
        if run.loaded is None or not 0 <= index < len(run.layers):
            return ""
        if run.layers[index].is_input:
            return "An input: the source is fed it."
        return "The source never calls this layer."

    def _show_text(self, text: str) -> None:
        self._shown, self.place = None, None
        self.border_title = "source"
        self.query_one("#source-text", Static).update(text)

    def _show_file(self, place: Place, problem: str | None, dark: bool) -> None:
        try:
            code = Path(place.path).read_text(errors="replace")
        except OSError as error:
            self._show_text(f"can't read {place.path}: {error.strerror}")
            return
        syntax = Syntax(
            code,
            "python",
            theme="ansi_dark" if dark else "ansi_light",
            line_numbers=True,
            highlight_lines={place.line},
            background_color="default",
        )
        where = f"{Path(place.path).name}:{place.line}"
        self.border_title = f"source: {problem or where}"
        self.set_class(problem is not None, "problem")
        self.query_one("#source-text", Static).update(syntax)
        self._scroll_to_place()

    def on_resize(self) -> None:
        self._scroll_to_place()  # a hidden pane has no size to scroll in

    def _scroll_to_place(self) -> None:
        if self.place is not None:
            line = max(0, self.place.line - 1 - LINES_ABOVE)
            self.call_after_refresh(self.scroll_to, x=0, y=line, animate=False)


def _modified(path: str) -> float:
    try:
        return Path(path).stat().st_mtime
    except OSError:
        return 0.0
