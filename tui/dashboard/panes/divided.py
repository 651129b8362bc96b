"""The panes side by side, and the lines between them that keys and the mouse move.

What a person wants is kept as it is, and fitted to the terminal each time: whoever makes
the window small and large again gets the old sizes back.
"""

from dataclasses import replace

from textual.containers import Container
from textual.events import MouseDown, MouseMove, MouseUp
from textual.geometry import Offset
from textual.widget import Widget

from tui.dashboard.room import (
    LAYERS,
    PANES,
    SLIM_BELOW,
    Division,
    PaneSizes,
    division,
    has_all,
)

STEP = 2
LEFT, TOP, BOTTOM = "left", "top", "bottom"


class DividedPanes(Container):
    """Its children are the layers and the other panes, in the order of the grid."""

    def __init__(self, *panes: Widget) -> None:
        super().__init__(*panes, id="panes")
        self.sizes = PaneSizes()
        self.enlarged = ""
        """The pane that has all the room; empty where they share it."""
        self._dragged = ""
        """Which line, while the mouse holds one."""

    def resize(self, sizes: PaneSizes) -> None:
        self.sizes = sizes
        self.divide()

    def on_mount(self) -> None:
        self.divide()

    def on_resize(self) -> None:
        self.divide()

    def _division(self, sizes: PaneSizes) -> Division:
        terminal = self.app.size
        return division(sizes, terminal, self.size.height or terminal.height)

    def divide(self) -> None:
        """Lays the panes out in the sizes that are wanted, as far as there is room."""
        found, terminal = self._division(self.sizes), self.app.size
        is_slim, whole = terminal.width < SLIM_BELOW, has_all(*terminal)
        is_one, share_rows = is_slim or bool(self.enlarged), whole and not self.enlarged
        self.styles.grid_columns = "1fr" if is_one else f"{found.left} 1fr"
        self.styles.grid_rows = f"{found.top} 1fr {found.bottom}" if share_rows else "1fr"

    def enlarge(self, pane: str) -> None:
        """Gives one pane all the room, none if it is empty; the lines around stay."""
        self.enlarged = pane
        self.set_class(bool(pane), "-one")
        for name in PANES:
            self.query_one(f"#{name}").set_class(bool(pane) and name != pane, "away")
        self.divide()

    def grow(self, pane: str, across: int, down: int) -> None:
        """Makes a pane larger by so many steps, or smaller.

        Args:
            pane: its id, or that of a widget in it.
            across: steps of its width.
            down: steps of its height.
        """
        now = self._division(self.sizes)
        is_left, by = pane == LAYERS, STEP * down
        if across:
            left = now.left + STEP * (across if is_left else -across)
            self._take(LEFT, left)
        elif pane == "statistics":
            self._take(TOP, now.top + by)
        elif pane in ("chart", "log"):
            self._take(BOTTOM, now.bottom + by)
        elif is_left:
            self._take(BOTTOM, now.bottom - by)
        else:
            self._take(TOP, now.top - by)

    def _take(self, line: str, size: int) -> None:
        """The size of one line, fitted to what there is: it moves at each key."""
        wanted = replace(self.sizes, **{line: max(size, 1)})
        fitted = self._division(wanted)
        self.resize(replace(wanted, **{line: getattr(fitted, line)}))

    # -- The mouse ---------------------------------------------------------------------

    def _line_at(self, at: Offset) -> str:
        """Which line is under the mouse, if one is."""
        layers = self.query_one(f"#{LAYERS}").region
        if at.x == layers.right and at.y < layers.bottom:
            return LEFT
        if not has_all(*self.app.size):
            return ""
        lower = self.query_one("#chart").region.y
        middle = self.query_one("#source").region.y
        if at.y == lower:
            return BOTTOM
        return TOP if at.y == middle and at.x > layers.right else ""

    def on_mouse_down(self, event: MouseDown) -> None:
        self._dragged = self._line_at(event.screen_offset)
        if self._dragged:
            self.capture_mouse()
            event.stop()

    def on_mouse_move(self, event: MouseMove) -> None:
        if not self._dragged:
            return
        event.stop()
        at, here = event.screen_offset, self.region
        if self._dragged == LEFT:
            self._take(LEFT, at.x - here.x)
        elif self._dragged == TOP:
            self._take(TOP, at.y - here.y)
        else:
            self._take(BOTTOM, here.bottom - at.y)

    def on_mouse_up(self, event: MouseUp) -> None:
        if self._dragged:
            self._dragged = ""
            self.release_mouse()
            event.stop()
