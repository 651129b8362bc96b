"""The dashboard: what the keys do, and which pane shows what."""

import os
import shlex
import subprocess
import time
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.events import Click
from textual.widgets import DataTable, Footer, Static

from debug.protocol import Abort, RunAgain, RunTo
from tui.keys import KEYS
from tui.link import EngineLink
from tui.panes.chart import ChartPane
from tui.panes.layers import NORMAL_FROM, WIDE_FROM, LayersPane
from tui.panes.source import SourcePane
from tui.panes.statistics import StatisticsPane
from tui.panes.status import StatusBar
from tui.settings import Settings
from tui.sheets import DetailsScreen, HelpScreen, SearchScreen

SIDE_PANES = ("statistics", "chart", "source", "log")
TICK_SECONDS = 0.05
DRAW_SECONDS = 0.25
"""Drawing takes the engine's time: after a first row, others are gathered for so long."""
CLOCK_SECONDS = 0.25


class Dashboard(EngineLink):
    """Steps the candidate beside the reference."""

    CSS_PATH = Path(__file__).with_name("app.tcss")
    TITLE = "maxwhisper"
    BINDINGS = [key.binding() for key in KEYS]
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
        self._search = ""

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
        self.action_pane("statistics", focus=False)
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
        if self.activity.busy or self.compiling:
            self.show_status()

    def _tick_rows(self) -> None:
        if self._undrawn and time.monotonic() - self._drawn_at >= DRAW_SECONDS:
            self.draw_rows()

    # -- What the panes show ---------------------------------------------------------

    @property
    def cursor(self) -> int:
        return max(self.layers_pane.cursor_row, 0)

    def show_layers(self) -> None:
        self.layers_pane.fill(self.results, self.stepper, self.compiled is not None)
        self.show_all()

    def show_all(self) -> None:
        """After anything that may concern every row."""
        self.draw_rows()
        for index in range(len(self.results.layers)):
            self.layers_pane.show(index, self.results, self.breakpoints, self.compiled)
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
            self.layers_pane.show(row, self.results, self.breakpoints, self.compiled)
        if self.following:
            self.layers_pane.select(self.results.position)
        if self.cursor in rows:
            self.show_cursor()
        else:
            self.chart_pane.show(self.cursor, self.results)

    def show_cursor(self) -> None:
        """Brings the panes that are about the selected layer up to date."""
        self.statistics_pane.show(self.cursor, self.results, self.compiled)
        self.chart_pane.show(self.cursor, self.results)
        self.source_pane.show(self.cursor, self.results)

    def show_status(self) -> None:
        self.status_bar.show(self.results, self.activity, self.compiling)

    @on(DataTable.RowHighlighted)
    def _row_highlighted(self) -> None:
        self.show_cursor()

    @on(DataTable.RowSelected)
    def _row_selected(self, event: DataTable.RowSelected) -> None:
        if event.cursor_row > self.results.position:
            self._go(event.cursor_row)

    @on(Click, "#chart")
    def _chart_clicked(self, event: Click) -> None:
        layer = self.chart_pane.layer_at(event.x)
        if layer is not None:
            self._select(layer)

    # -- Stepping --------------------------------------------------------------------

    @property
    def _origin(self) -> int:
        """Where a step starts: the selected layer, or the last one computed before it."""
        return min(self.cursor, self.results.position)

    def _go(self, row: int) -> None:
        """Selects a layer, once it is computed."""
        if not self.results.layers:
            return
        if row <= self.results.position:
            self._select(row)
        elif self.activity.busy:
            self.bell()
        elif not self.engine_alive:
            self.notify("the engine is gone: press R to restart it", severity="warning")
        else:
            self.following = True
            self.begin("running")
            self.send(RunTo(row))

    def _select(self, row: int) -> None:
        self.following = False
        self.layers_pane.select(row)

    def action_step(self) -> None:
        self._go(self.stepper.step(self._origin))

    def action_next(self) -> None:
        self._go(self.stepper.next(self._origin))

    def action_finish(self) -> None:
        self._go(self.stepper.finish(self._origin))

    def action_resume(self) -> None:
        self._go(self.stepper.resume(self._origin, self.breakpoints))

    def action_run_to(self) -> None:
        self._go(self.cursor)

    def action_step_back(self) -> None:
        self._select(self.stepper.step_back(self.cursor))

    def action_next_back(self) -> None:
        self._select(self.stepper.next_back(self.cursor))

    def action_finish_back(self) -> None:
        self._select(self.stepper.finish_back(self.cursor))

    def action_resume_back(self) -> None:
        self._select(self.stepper.resume_back(self.cursor, self.breakpoints))

    def action_breakpoint(self) -> None:
        if self.results.layers:
            self.breakpoints ^= {self.results.layers[self.cursor].name}
            self.show_all()

    # -- Moving ----------------------------------------------------------------------

    def action_culprit(self) -> None:
        culprit = self.results.culprit()
        if culprit is None:
            self.notify("no layer that was computed is wrong")
        else:
            self._select(culprit)

    def action_outer(self) -> None:
        self._select(self.stepper.outer(self.cursor))

    def action_inner(self) -> None:
        self._select(self.stepper.inner(self.cursor))

    def action_cursor(self, rows: int) -> None:
        self._select(min(max(self.cursor + rows, 0), self.stepper.last))

    def action_first(self) -> None:
        self._select(0)

    def action_last(self) -> None:
        self._select(self.stepper.last)

    def action_search(self) -> None:
        self.push_screen(SearchScreen(), self._searched)

    def _searched(self, text: str | None) -> None:
        self._search = text or self._search
        if text:
            self.action_search_again(1)

    def action_search_again(self, direction: int) -> None:
        found = self.stepper.search(self._search, self.cursor, direction)
        if not self._search or found is None:
            self.notify(f"no layer has {self._search!r} in its name", markup=False)
        else:
            self._select(found)

    # -- Panes -----------------------------------------------------------------------

    def action_pane(self, name: str, focus: bool = True) -> None:
        """Focuses a pane; where there is room for one only, shows it instead of others."""
        if name in SIDE_PANES:
            for other in SIDE_PANES:
                self.query_one(f"#{other}").set_class(other != name, "aside")
        if focus:
            self.query_one(f"#{name}").focus()

    def action_zoom(self) -> None:
        if self.screen.maximized:
            self.screen.minimize()
        elif self.focused is not None:
            self.screen.maximize(self.focused)

    def action_light(self) -> None:
        self.theme = "textual-light" if self.current_theme.dark else "textual-dark"
        self.show_all()

    def action_help(self) -> None:
        self.push_screen(HelpScreen())

    def action_details(self) -> None:
        if self.problem is None:
            self.notify("nothing has gone wrong")
        else:
            self.push_screen(DetailsScreen(self.problem))

    def action_edit(self) -> None:
        place = self.source_pane.place
        editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
        if place is None or not editor:
            self.notify("set EDITOR to open the source from here", severity="warning")
            return
        with self.suspend():
            subprocess.run(
                [*shlex.split(editor), f"+{place.line}", place.path], check=False
            )

    # -- The engine ------------------------------------------------------------------

    def action_again(self) -> None:
        if not self.engine_alive:
            self.action_restart()
        elif not self.activity.busy:
            self.begin("loading", "reading the source")
            self.send(RunAgain(self.results.position))

    def action_restart(self) -> None:
        self.start_engine()

    def action_abort(self) -> None:
        """Asks first; an engine deep in native code can only be killed."""
        if not self.activity.busy:
            return
        if self.activity.word == "loading" or self.activity.what.startswith("stopping"):
            self.kill_engine()
        else:
            self.begin("running", "stopping; a again kills the engine")
            self.send(Abort())

    def action_confirm(self) -> None:
        self.start_compiler()

    async def action_quit(self) -> None:
        self.exit(0)
