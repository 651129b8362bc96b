"""What the dashboard shows: its panes, and when each is drawn."""

import time
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.widgets import DataTable, Footer, Static

from tui.dashboard.engine_link import EngineLink
from tui.dashboard.panes.chart import ChartPane
from tui.dashboard.panes.layers import NORMAL_FROM, WIDE_FROM, LayersPane
from tui.dashboard.panes.source import SourcePane
from tui.dashboard.panes.statistics import StatisticsPane
from tui.dashboard.panes.status import StatusBar
from tui.settings import Settings

SIDE_PANES = ("statistics", "chart", "source", "log")
TICK_SECONDS = 0.05
DRAW_SECONDS = 0.25
"""Drawing takes the engine's time: after a first row, others are gathered for so long."""
CLOCK_SECONDS = 0.25


class View(EngineLink):
    """The half of the dashboard that a person looks at."""

    CSS_PATH = Path(__file__).with_name("app.tcss")
    TITLE = "maxwhisper"
    HORIZONTAL_BREAKPOINTS = [
        (0, "-tiny"),
        (60, "-narrow"),
        (NORMAL_FROM, "-normal"),
        (WIDE_FROM, "-wide"),
    ]
    VERTICAL_BREAKPOINTS = [
        (0, "-tiny"),
        (18, "-short"),
        (32, "-medium"),
        (46, "-tall"),
    ]

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        # Held, not queried: news may still arrive while the screen is being taken down.
        self.layers_pane = LayersPane()
        self.statistics_pane = StatisticsPane()
        self.source_pane = SourcePane()
        self.chart_pane = ChartPane()
        self.status_bar = StatusBar()
        self.breakpoints: set[str] = set()
        self._undrawn: set[int] = set()
        self._drawn_at = 0.0

    def compose(self) -> ComposeResult:
        yield self.status_bar
        with Container(id="panes"):
            yield self.layers_pane
            yield self.statistics_pane
            yield self.source_pane
            yield self.chart_pane
            yield self.log_pane
        yield Static("maxwhisper needs 60 columns and 18 rows", id="too-small")
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        self.bring_forward("statistics")
        self.layers_pane.focus()
        self.set_interval(CLOCK_SECONDS, self._tick_clock)
        self.set_interval(TICK_SECONDS, self._tick_rows)
        self.start_engine()

    async def on_unmount(self) -> None:
        await self.stop_engines()

    def on_resize(self) -> None:
        if self.results.layers:  # the columns depend on the room there is
            self.call_after_refresh(self.show_layers)

    def _tick_clock(self) -> None:
        if self.activity.busy or self.asking:
            self.show_status()

    def _tick_rows(self) -> None:
        if self._undrawn and time.monotonic() - self._drawn_at >= DRAW_SECONDS:
            self.draw_rows()

    # -- What the panes show ---------------------------------------------------------

    @property
    def cursor(self) -> int:
        return max(self.layers_pane.cursor_row, 0)

    def show_layers(self) -> None:
        self.layers_pane.fill(self.results, self.stepper, self.second_run)
        self.show_all()

    def show_all(self) -> None:
        """After anything that may concern every row."""
        self.draw_rows()
        for index in range(len(self.results.layers)):
            self.layers_pane.show(index, self.results, self.breakpoints, self.second_run)
        self.show_cursor()
        self.show_status()

    def show_row(self, index: int) -> None:
        """After a layer was computed."""
        self._undrawn.add(index)

    def draw_rows(self) -> None:
        """Brings the rows up to date that were computed since the last time."""
        if not self._undrawn:
            return
        rows, self._undrawn = self._undrawn, set()
        self._drawn_at = time.monotonic()
        for row in rows | {max(min(rows) - 1, 0)}:  # the mark of the position moves on
            self.layers_pane.show(row, self.results, self.breakpoints, self.second_run)
        if self.following:
            self.layers_pane.select(self.results.position)
        if self.cursor in rows:
            self.show_cursor()
        else:
            self.chart_pane.show(self.cursor, self.results)
            self.source_pane.show(self.cursor, self.results)

    def show_cursor(self) -> None:
        """Brings the panes that are about the selected layer up to date."""
        self.statistics_pane.show(self.cursor, self.results, self.second_run)
        self.chart_pane.show(self.cursor, self.results)
        self.source_pane.show(self.cursor, self.results)

    def show_status(self) -> None:
        self.status_bar.show(self.results, self.activity, self.asking)

    @on(DataTable.RowHighlighted)
    def _row_highlighted(self) -> None:
        self.show_cursor()

    def bring_forward(self, name: str) -> None:
        """Where there is room for one other pane only, shows this one."""
        if name in SIDE_PANES:
            for other in SIDE_PANES:
                self.query_one(f"#{other}").set_class(other != name, "aside")
