"""The dashboard: what the keys and the mouse do."""

import os
import shlex
import subprocess
from collections.abc import Iterable
from functools import partial

from textual import on
from textual.app import SystemCommand
from textual.events import Click
from textual.screen import Screen
from textual.widgets import DataTable

from debug.protocol.messages import Abort, Inject, Inspect, RunAgain, RunTo
from tui.dashboard.keys import KEYS
from tui.dashboard.screens.sheets import DetailsScreen, HelpScreen, SearchScreen
from tui.dashboard.second_run import COMPILED, FLOAT64, RunMode
from tui.dashboard.view import View
from tui.settings import Settings


class Dashboard(View):
    """Steps the candidate beside the reference."""

    BINDINGS = [key.binding() for key in KEYS]

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self._search = ""

    def get_system_commands(self, screen: Screen) -> Iterable[SystemCommand]:
        """The command palette: every key by name, and what Textual brings."""
        for key in KEYS:
            run = partial(self.run_action, key.action)
            yield SystemCommand(f"{key.group.lower()}: {key.label}", key.help, run)
        yield from super().get_system_commands(screen)

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

    def action_inject(self) -> None:
        """What is behind the layer runs again, from the other side's value."""
        if self.results.generation == 0 or self.activity.busy or not self.engine_alive:
            self.bell()
        else:
            self.send(Inject(self.cursor))

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

    def action_inspect(self) -> None:
        """Into the layer: every operation, on both sides."""
        if self.results.generation == 0 or not self.engine_alive:
            self.bell()
        else:
            self.send(Inspect(self.cursor))

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

    def action_pane(self, name: str) -> None:
        self.bring_forward(name)
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
        self._ask(COMPILED)

    def action_widen(self) -> None:
        """Is the graph wrong, or does it round?"""
        self._ask(FLOAT64)

    def _ask(self, run_mode: RunMode) -> None:
        if self.asking:
            self.notify(f"{self.asking.word}; a save gives that up")
        else:
            self.ask(run_mode)

    async def action_quit(self) -> None:
        self.exit(0)
