"""The panes of the dashboard, and when each is drawn."""

import time

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.widgets import DataTable, Static

from tui.dashboard.panes.causes import CausesPane
from tui.dashboard.panes.chart import ChartPane
from tui.dashboard.panes.layers import LayersPane
from tui.dashboard.panes.log import LogPane
from tui.dashboard.panes.numbers import NumbersPane
from tui.dashboard.panes.source import SourcePane
from tui.dashboard.panes.status import StatusBar
from tui.dashboard.state import State

SIDE_PANES = ("statistics", "chart", "source", "log")
TICK_SECONDS = 0.05
DRAW_SECONDS = 0.25
"""Drawing takes the engine's time: after a first row, others are gathered for so long."""
CLOCK_SECONDS = 0.25


class View(Container):
    """Draws a `State`, as much of it as has changed."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state
        # Held, not queried: news may still arrive while the screen is being taken down.
        self.causes_pane = CausesPane()
        self.layers_pane = LayersPane()
        self.numbers_pane = NumbersPane()
        self.source_pane = SourcePane()
        self.chart_pane = ChartPane()
        self.log_pane = LogPane()
        self.status_bar = StatusBar()
        self._undrawn: set[int] = set()
        self._drawn_at = 0.0

    def compose(self) -> ComposeResult:
        yield self.status_bar
        yield self.causes_pane
        with Container(id="panes"):
            yield self.layers_pane
            yield self.numbers_pane
            yield self.source_pane
            yield self.chart_pane
            yield self.log_pane
        yield Static("maxwhisper needs 60 columns and 18 rows", id="too-small")

    def on_mount(self) -> None:
        self.bring_forward("statistics")
        self.layers_pane.focus()
        self.set_interval(CLOCK_SECONDS, self._tick_clock)
        # What has nothing to draw wakes nobody.
        self._ticks = self.set_interval(TICK_SECONDS, self._tick_rows, pause=True)

    def on_resize(self) -> None:
        if self._state.results.layers:  # the columns depend on the room there is
            self.call_after_refresh(self.show_layers)

    def _tick_clock(self) -> None:
        state = self._state
        if state.activity.busy or state.second_activity or not state.results.settled:
            self.show_status()

    def _tick_rows(self) -> None:
        if self._undrawn and time.monotonic() - self._drawn_at >= DRAW_SECONDS:
            self.draw_rows()

    # -- The selected layer ----------------------------------------------------------

    @property
    def cursor(self) -> int:
        return max(self.layers_pane.cursor_row, 0)

    def select(self, row: int) -> None:
        self.layers_pane.select(row)

    @on(DataTable.RowHighlighted)
    def _row_highlighted(self) -> None:
        if self.layers_pane.moved_by_hand:
            self._state.chosen = True
        self.show_cursor()

    def _show_answer(self) -> None:
        """Unless a person chose a layer: selects the culprit, once its cause is known; if
        all is well at the start, the model's result."""
        run = self._state.results
        if self._state.chosen:
            return
        culprit = run.culprit()
        if culprit is None:
            if run.is_complete and self.cursor == 0:
                self.select(run.last)
        elif run.settled or run.findings(culprit):
            self.select(culprit)

    # -- Drawing ---------------------------------------------------------------------

    def show_layers(self) -> None:
        """After the layers or the columns have changed."""
        state = self._state
        self.layers_pane.fill(state.results, state.stepper, state.second_run)
        self.show_all()

    def show_all(self) -> None:
        """After anything that may concern every row."""
        self.draw_rows()
        self._show_answer()
        self.layers_pane.learn(self._state.results)
        for index in range(len(self._state.results.layers)):
            self._draw_row(index)
        self.show_cursor()
        self.show_status()

    def show_row(self, index: int) -> None:
        """After a layer was computed: soon, with others that were."""
        self._undrawn.add(index)
        self._ticks.resume()

    def draw_rows(self) -> None:
        """Brings the rows up to date that have changed since the last time."""
        if not self._undrawn:
            return
        rows, self._undrawn = self._undrawn, set()
        self._ticks.pause()
        self._drawn_at = time.monotonic()
        self.layers_pane.learn(self._state.results)
        for row in rows | {max(min(rows) - 1, 0)}:  # the mark of the position moves on
            self._draw_row(row)
        if self._state.following:
            self.select(self._state.results.position)
        self._show_answer()
        self.causes_pane.show(self._state)
        if self.cursor in rows:
            self.show_cursor()
        else:
            self.chart_pane.show(self.cursor, self._state.results)
            self.source_pane.show(self.cursor, self._state.results)

    def _draw_row(self, index: int) -> None:
        state = self._state
        self.layers_pane.show(index, state.results, state.breakpoints, state.second_run)

    def show_cursor(self) -> None:
        """Brings the panes that are about the selected layer up to date."""
        results = self._state.results
        self.numbers_pane.show(self.cursor, results, self._state.second_run)
        self.chart_pane.show(self.cursor, results)
        self.source_pane.show(self.cursor, results)

    def show_status(self) -> None:
        self.status_bar.show(self._state)
        self.causes_pane.show(self._state)

    def bring_forward(self, name: str) -> None:
        """Where there is room for one other pane only, shows this one."""
        if name in SIDE_PANES:
            for other in SIDE_PANES:
                self.query_one(f"#{other}").set_class(other != name, "aside")
