"""The dashboard: what the keys and the mouse do.

It owns a link to the engine and a view. A key becomes a call of one of them; a change that
the link reports becomes a call of the view.
"""

import os
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from pathlib import Path

from textual import on
from textual.app import ComposeResult, SystemCommand
from textual.screen import Screen
from textual.widgets import DataTable, OptionList

from debug.protocol.diagnostic import INSPECT, LOOK, Problem
from debug.protocol.messages import Inject
from debug.results.root_causes import root_causes
from tui.dashboard.activity import Phase, why_refused
from tui.dashboard.changes import (
    ActivityChanged,
    Change,
    LayersChanged,
    Refused,
    ResultsChanged,
    RowChanged,
    Said,
    Written,
)
from tui.dashboard.editor import NO_EDITOR, open_in
from tui.dashboard.ends.screen import EndsScreen
from tui.dashboard.engine_link import EngineLink
from tui.dashboard.habits.habits import Habits
from tui.dashboard.handing import handed_now
from tui.dashboard.history.screen import HistoryScreen
from tui.dashboard.keys import APP_KEYS, Keyboard
from tui.dashboard.leaving import LeftInOrder
from tui.dashboard.operations.screen import OperationsScreen
from tui.dashboard.overlay import Overlay
from tui.dashboard.palette import commands_of, commands_within
from tui.dashboard.room import HEIGHTS, PANES, WIDTHS
from tui.dashboard.screens.alignment import AlignmentScreen
from tui.dashboard.screens.controls import ControlsScreen
from tui.dashboard.screens.details import DetailsScreen
from tui.dashboard.screens.help import HelpScreen
from tui.dashboard.second_run import COMPILED, FLOAT64, RunMode
from tui.dashboard.themes import ThemedApp
from tui.dashboard.values.screen import ValuesScreen
from tui.dashboard.view import CLOCK_SECONDS, View
from tui.dashboard.weights.screen import WeightsScreen
from tui.settings import Settings


class Dashboard(LeftInOrder, ThemedApp):
    """Steps the candidate beside the reference."""

    CSS_PATH = Path(__file__).with_name("app.tcss")
    TITLE = "maxwhisper"
    BINDINGS = [key.binding() for key in APP_KEYS]
    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS

    def __init__(self, settings: Settings, habits: Habits | None = None) -> None:
        super().__init__()
        self.habits = Habits() if habits is None else habits
        tolerance, keyboard = self.habits.config.tolerance, Keyboard(self.habits.keys)
        self.link = EngineLink(settings, self._changed, tolerance, keyboard)
        self.state = self.link.state
        self.habits.begin(self.state)
        self.view = View(self.state, self.habits)
        self.not_remembered = ""
        """Why the place that was left is not remembered, if it is not."""
        self.theme = self.habits.config.theme or self.theme
        self.set_keymap(self.habits.config.keys)

    def compose(self) -> ComposeResult:
        yield self.view

    def on_mount(self) -> None:
        problems = [str(problem) for problem in self.habits.config.problems]
        for problem in problems:
            self.view.log_pane.say(problem, "bold")
        if problems:
            said = "\n".join(problems)
            self.notify(said, severity="warning", markup=False, timeout=20)
        # After ctrl+z and fg the terminal is empty, and Textual draws only what changes.
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))
        self.theme_changed_signal.subscribe(self, lambda _: self.view.show_all())
        self.set_interval(CLOCK_SECONDS, self.link.watch_clock)
        self.action_restart()

    async def on_unmount(self) -> None:
        opened, selected = self.link.settings, self.view.selected
        self.not_remembered = self.habits.end(self.state, opened, selected)
        await self.link.stop()

    def _changed(self, change: Change) -> None:
        """Draws what the link reports."""
        for screen in self.screen_stack:
            if isinstance(screen, Overlay):
                screen.hear(change)
        match change:
            case LayersChanged():
                self.view.show_layers()
            case RowChanged(index):
                self.view.show_row(index)
            case ResultsChanged():
                self.view.show_all()
            case ActivityChanged():
                self.view.show_status()
            case Said(text, style):
                self.view.log_pane.say(text, style)
            case Refused(diagnostic) if diagnostic.kind not in (LOOK, INSPECT):
                self.notify(diagnostic.message, markup=False)
            case Written(path):
                self.notify(f"written: {path}", markup=False)

    def get_system_commands(self, screen: Screen) -> Iterable[SystemCommand]:
        """None of Textual's own: ours are of the same name, or make sense here."""
        if isinstance(screen, Overlay):
            yield from commands_within(screen)
            return
        yield from commands_of(self, self.view, self.action_controls)
        save = partial(self.set_timer, 0.1, self.deliver_screenshot)  # once it has closed
        yield SystemCommand("program: picture", "save the screen as SVG", save)

    @on(DataTable.RowSelected)
    def _row_selected(self, event: DataTable.RowSelected) -> None:
        index = self.view.layers_pane.layer_at(event.cursor_row)
        if index > self.state.results.position:
            self._go(index)

    @on(OptionList.OptionSelected, "#causes")
    def _cause_selected(self, event: OptionList.OptionSelected) -> None:
        layer = self.view.causes_pane.layer_of(event.option_index)
        if layer is not None:
            self.view.go_to_cause(layer)

    # -- Stepping --------------------------------------------------------------------

    @property
    def _origin(self) -> int:
        """Where a step starts: the selected layer, or the last one computed before it."""
        return min(self.view.cursor, self.state.results.position)

    def _go(self, row: int) -> None:
        """Selects a layer, once it is computed."""
        if self.state.results.layers and row <= self.state.results.position:
            self.view.choose(row)
        elif self.state.activity.busy or not self.link.alive:
            self._refuse()
        else:
            self.link.run_to(row)

    def _refuse(self) -> None:
        """No key is lost without a word."""
        self.bell()
        self.notify(
            why_refused(self.state.activity, self.state.keyboard),
            severity="warning",
            markup=False,
        )

    def action_step(self) -> None:
        self._go(self.state.stepper.step(self._origin))

    def action_next(self) -> None:
        self._go(self.state.stepper.next(self._origin))

    def action_finish(self) -> None:
        self._go(self.state.stepper.finish(self._origin))

    def action_resume(self) -> None:
        self._go(self.state.stepper.resume(self._origin, self.state.breakpoints))

    def action_run_to(self) -> None:
        self._go(self.view.cursor)

    def action_step_back(self) -> None:
        self.view.choose(self.state.stepper.step_back(self.view.cursor))

    def action_next_back(self) -> None:
        self.view.choose(self.state.stepper.next_back(self.view.cursor))

    def action_finish_back(self) -> None:
        self.view.choose(self.state.stepper.finish_back(self.view.cursor))

    def action_resume_back(self) -> None:
        self.view.choose(
            self.state.stepper.resume_back(self.view.cursor, self.state.breakpoints)
        )

    @property
    def _can_ask(self) -> bool:
        """Whether there is an engine with a graph that questions can be about."""
        return self.state.results.generation > 0 and self.link.alive

    def action_inject(self) -> None:
        """What is behind the layer runs again, from the other side's value."""
        if self.state.activity.busy or not self._can_ask:
            self._refuse()
        else:
            self.link.send(Inject(self.view.cursor))

    def action_breakpoint(self) -> None:
        if not self.state.results.layers:
            self._refuse()
            return
        self.state.breakpoints ^= {self.state.results.layers[self.view.cursor].name}
        self.view.show_all()

    # -- Moving ----------------------------------------------------------------------

    def action_root_cause(self, direction: int) -> None:
        """From one root cause to the next, around; from elsewhere to the culprit."""
        run = self.state.results
        causes = [cause.layers[0] for cause in root_causes(run)]
        if not causes and (culprit := run.culprit()) is not None:
            causes = [culprit]
        if not causes:
            self.notify("no wrong layer so far")
        elif self.view.cursor in causes:
            place = causes.index(self.view.cursor) + direction
            self.view.go_to_cause(causes[place % len(causes)])
        else:
            self.view.go_to_cause(causes[0])

    def action_outer(self) -> None:
        self.view.choose(self.state.stepper.outer(self.view.cursor))

    def action_inner(self) -> None:
        self.view.choose(self.state.stepper.inner(self.view.cursor))

    def action_inspect(self) -> None:
        """Every operation of the layer's own code, on both sides."""
        self._look_into(OperationsScreen)

    def action_values(self) -> None:
        self._look_into(ValuesScreen)

    def action_ends(self) -> None:
        self._look_into(EndsScreen)

    def _look_into(self, room: Callable[[EngineLink, int], Overlay[int]]) -> None:
        """Opens a room of the layer; on closing the one that was looked at last is
        selected."""

        def looked_at(index: int | None) -> None:
            if index is not None and index != self.view.cursor:
                self.view.choose(index)

        self._try(lambda: self.push_screen(room(self.link, self.view.cursor), looked_at))

    def action_weights(self) -> None:
        """On closing, the layer whose weight was chosen is selected."""

        def chosen(index: int | None) -> None:
            if index is not None:
                self.view.choose(index)

        self._try(lambda: self.push_screen(WeightsScreen(self.link), chosen))

    def action_history(self) -> None:
        self.push_screen(HistoryScreen(self.link))

    def action_align(self) -> None:
        """Opens the table of layers and modules."""
        aligned = self.state.results.aligned
        if aligned is None:
            self.notify("Both sides have the same names here: there is nothing to align.")
        else:
            self.push_screen(AlignmentScreen(aligned))

    def action_copy_cause(self) -> None:
        """Every root cause with its file and line, of now or of the last save with one."""
        handed = handed_now(self.state.results, self.state.history)
        if lines := handed.causes:
            self.copy_to_clipboard("\n".join(lines))  # OSC 52, so over ssh, too
        self.notify(handed.copied if lines else handed.none_yet, markup=False)

    def action_copy_numbers(self) -> None:
        text = self.view.statistics_pane.as_text()
        self.copy_to_clipboard(text)
        self.notify(f"copied: {text.partition(chr(10))[0]} ...", markup=False)

    # -- Panes -----------------------------------------------------------------------

    def action_pane(self, name: str) -> None:
        """Brings a pane forward; the key of the one that has the focus enlarges it."""
        if self.view.is_in_focus(name):
            self.action_zoom()
            return
        self.view.panes.enlarge("")
        self.view.bring_forward(name)
        self.query_one(f"#{name}").focus()

    def action_zoom(self) -> None:
        here = [name for name in PANES if self.view.is_in_focus(name)]
        self.view.panes.enlarge("" if self.view.panes.enlarged else "".join(here))

    def action_help(self) -> None:
        here = self.screen.KEYS if isinstance(self.screen, Overlay) else ()
        self.push_screen(HelpScreen(self.habits.keys, here))

    def action_details(self) -> None:
        if self.state.problem is None:
            self.notify("nothing has gone wrong")
        else:
            self.push_screen(DetailsScreen(self.state))

    def action_report(self) -> None:
        handed = handed_now(self.state.results, self.state.history)
        self._try(lambda: self.link.written(handed.write(datetime.now())))

    def action_dump(self) -> None:
        self._try(partial(self.link.dump, self.view.cursor))

    def _try(self, action: Callable[[], object]) -> None:
        """What a person opens or takes along, or why there is nothing."""
        try:
            action()
        except Problem as problem:
            self.bell()
            self.notify(problem.diagnostic.message, severity="warning", markup=False)

    def action_edit(self) -> None:
        place = self.view.source_pane.place
        editor = os.environ.get("VISUAL") or os.environ.get("EDITOR")
        if place is None:
            self.notify("no source is known here to open: select another layer")
        elif not editor:
            self.notify(NO_EDITOR.format(place=place), severity="warning", markup=False)
        else:
            with self.suspend():
                problem = open_in(editor, place)
            if problem:
                self.notify(problem, severity="warning", markup=False)

    # -- The engine ------------------------------------------------------------------

    def action_again(self) -> None:
        if not self.link.alive:
            self.action_restart()
        elif not self.state.activity.busy:
            self.link.run_again()

    def action_restart(self) -> None:
        run = self.link.run()
        self.run_worker(run, group="engine", exclusive=True, exit_on_error=False)

    def action_controls(self, first: str = "") -> None:
        """Opens what runs, and starts the engine anew if that was changed."""

        def chosen(settings: Settings | None) -> None:
            if settings is None:
                return
            if settings != self.link.settings:
                self.link.change(settings)
            elif self.link.alive:
                self.notify("nothing was changed: the engine goes on")
                return
            self.action_restart()

        failed = self.state.activity.phase is Phase.FAILED
        said = self.state.activity.what if failed else ""
        self.push_screen(ControlsScreen(self.link.settings, first, said), chosen)

    def action_abort(self) -> None:
        if self.state.activity.busy:
            self.link.abort()

    def action_extend(self) -> None:
        """A build may take its time; it is the person who knows."""
        if self.state.activity.left is None:
            self.notify("nothing seems to hang")
        else:
            self.state.activity.extend()
            self.view.show_status()

    def action_confirm(self) -> None:
        self._run_second(COMPILED)

    def action_widen(self) -> None:
        """Is the graph wrong, or does it round?"""
        self._run_second(FLOAT64)

    def _run_second(self, run_mode: RunMode) -> None:
        if activity := self.state.second_activity:
            self.notify(f"{activity.what}; a save gives that up", markup=False)
            return
        run = self.link.second.run(run_mode)
        self.run_worker(run, group="second", exclusive=True, exit_on_error=False)

    async def action_quit(self) -> None:
        self.exit(0)
