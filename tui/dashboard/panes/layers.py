"""The layers with their verdicts, in the order and with the columns that a person wants.

Rows and layers are two things: a layer in a folded block has no row (`Arrangement`), and a
layer's number is never taken for that of a row.

A row keeps the numbers of an earlier generation until it has its own, but does not pass for
run: it is dim and called "earlier", or has no glyph where that column does not fit.
"""

from rich.text import Text
from textual.events import Resize
from textual.message import Message
from textual.widgets import DataTable

from tui.dashboard.arrangement import ColumnKey, Order
from tui.dashboard.panes.layer_columns import BY_KEY, LayerRow, fitting
from tui.dashboard.room import NORMAL_FROM, WIDE_FROM
from tui.dashboard.state import State
from tui.names import shortened

ROOM = {0: 40, NORMAL_FROM: 70, WIDE_FROM: 82}
"""Of a pane that has no size yet, by the width of the terminal."""
FOLDED = "▸ "


class LayersPane(DataTable[Text]):
    """A row a layer; the selected layer is the one that the other panes are about."""

    BORDER_TITLE = "layers"

    class RoomChanged(Message):
        """Other columns may fit now."""

    def __init__(self) -> None:
        super().__init__(
            id="layers", cursor_type="row", zebra_stripes=False, cell_padding=0
        )
        self._narrow = False
        self._selected = 0
        self._heirs: set[int] = set()
        self.rows_shown: list[int] = []
        """The layer of each row."""
        self._row_of: dict[int, int] = {}

    @property
    def cursor(self) -> int:
        """The selected layer."""
        return self.layer_at(self.cursor_row)

    def layer_at(self, row: int) -> int:
        return self.rows_shown[row] if 0 <= row < len(self.rows_shown) else 0

    def fill(self, state: State, cursor: int) -> None:
        """Lays out the columns for the room there is, and a row for each layer that is
        shown; ``cursor`` is the layer to be selected."""
        top = self.scroll_y
        run, second = state.results, state.second_run
        self.clear(columns=True)
        self._narrow = self.app.size.width < NORMAL_FROM
        columns = fitting(state.columns, self._room, self._narrow, second is not None)
        for column, width in columns:
            label = column.label
            if column.key is ColumnKey.SECOND and second is not None:
                label = second.run_mode.name
            fits = len(label) <= width
            self.add_column(label if fits else "", key=column.key, width=width)
        cursor = min(cursor, max(run.last, 0))
        self.rows_shown = state.arrangement.rows(run, cursor) if run.layers else []
        self._row_of = {layer: row for row, layer in enumerate(self.rows_shown)}
        names = self._names(state, next(w for c, w in columns if c.key is ColumnKey.NAME))
        for index in self.rows_shown:
            cells = [
                names[index] if c.key is ColumnKey.NAME else Text("") for c, _ in columns
            ]
            self.add_row(*cells, key=str(index))
        told = state.arrangement.told(run, len(self.rows_shown))
        self.border_title = f"layers: {told}" if told else "layers"
        self.select(cursor)
        self.scroll_to(y=top, animate=False)

    def _names(self, state: State, room: int) -> dict[int, Text]:
        found, folded = {}, state.arrangement.folded
        is_tree = state.arrangement.order is Order.COMPUTED and not self._narrow
        for index in self.rows_shown:
            name = state.results.layers[index].name
            indent = " " * max(0, state.stepper.depth(index) - 1) if is_tree else ""
            mark = FOLDED if name in folded else ""
            text = shortened(indent + mark, name, room)
            found[index] = Text(text)
        return found

    @property
    def _room(self) -> int:
        """Cells for the columns, beside a scroll bar."""
        if self.size.width:
            return self.size.width - 1
        return max(room for least, room in ROOM.items() if self.app.size.width >= least)

    def on_resize(self, _: Resize) -> None:
        self.post_message(self.RoomChanged())

    def select(self, index: int) -> None:
        """Moves the cursor to a layer; after a jump, what is around it is shown with it."""
        row = self._row_of.get(index)
        if row is None:
            return
        jump = abs(row - self.cursor_row) > 2
        self._selected = row
        self.move_cursor(row=row, animate=False)
        height = self.scrollable_content_region.height - self.header_height
        visible = self.scroll_y < row < self.scroll_y + height - 1
        if jump and not visible:
            self.scroll_to(y=row - height // 2, animate=False, force=True)

    def learn(self, state: State) -> None:
        """Before rows are shown: which of them only inherit an error."""
        self._heirs = state.results.heirs()

    @property
    def moved_by_hand(self) -> bool:
        """Whether the cursor is elsewhere than the program has put it."""
        return self.cursor_row != self._selected

    def show(self, index: int, state: State) -> None:
        """Brings the row of a layer up to date, if it has one."""
        if index not in self._row_of:
            return
        run = state.results
        row = LayerRow(
            index,
            run,
            state.second_run,
            self._mark(index, state),
            index in self._heirs,
            self._narrow,
            self.app.current_theme.dark,
        )
        for key in self.columns:
            column = BY_KEY[ColumnKey(str(key.value))]
            if column.key is not ColumnKey.NAME:
                self._set(index, column.key, column.cell(row))

    @staticmethod
    def _mark(index: int, state: State) -> str:
        run = state.results
        name = run.layers[index].name
        if index == run.position and not run.is_complete:
            return "▶"
        if run.loaded and name in run.loaded.injected:
            return "⇐"
        return "●" if name in state.breakpoints else ""

    def _set(self, index: int, column: ColumnKey, text: Text) -> None:
        shown = self.get_cell(str(index), column)
        if (shown.plain, shown.style) != (text.plain, text.style):
            self.update_cell(str(index), column, text)
