"""The panes of the dashboard, and when each is drawn."""

import time

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.widgets import DataTable, Static

from tui.dashboard.arrangement import Only, following
from tui.dashboard.habits.habits import Habits
from tui.dashboard.keys import LAYER_KEYS, PANE_KEYS
from tui.dashboard.offers import offered
from tui.dashboard.panes.causes import CausesPane
from tui.dashboard.panes.chart import ChartPane
from tui.dashboard.panes.divided import DividedPanes
from tui.dashboard.panes.keys_line import KeysLine
from tui.dashboard.panes.layers import LayersPane
from tui.dashboard.panes.listing import Listing
from tui.dashboard.panes.log import LogPane
from tui.dashboard.panes.source import SourcePane
from tui.dashboard.panes.statistics import StatisticsPane
from tui.dashboard.panes.status import StatusBar
from tui.dashboard.panes.tabs import Tabs
from tui.dashboard.room import LAYERS, PANES, SIDE_PANES, SLIM_BELOW, PaneSizes
from tui.dashboard.screens.columns import ColumnsScreen
from tui.dashboard.screens.search import SearchScreen
from tui.dashboard.state import State

TICK_SECONDS = 0.05
DRAW_SECONDS = 0.25
"""Drawing takes the engine's time: after a first row, others are gathered for so long."""
CLOCK_SECONDS = 0.25


class View(Container):
    """Draws a `State`, as much of it as has changed; its keys are about the rows."""

    BINDINGS = [key.binding() for key in (*LAYER_KEYS, *PANE_KEYS)]

    def __init__(self, state: State, habits: Habits) -> None:
        super().__init__()
        self._state, self._habits = state, habits
        # Held, not queried: news may still arrive while the screen is being taken down.
        self.causes_pane = CausesPane()
        self.layers_pane = LayersPane()
        self.statistics_pane = StatisticsPane(state.keyboard)
        self.source_pane = SourcePane()
        self.chart_pane = ChartPane()
        self.log_pane = LogPane()
        self.status_bar = StatusBar()
        self.tabs, self.keys_line = Tabs(), KeysLine()
        self._forward = self._side = ""
        """The pane that was brought forward last, and the last beside the layers."""
        self._search = ""
        self.selected = habits.layer
        """The name of the selected layer: another model may have it in another place."""
        self._answered: tuple[int, int | None] | None = None
        """The answer that was selected last."""
        self._undrawn: set[int] = set()
        self._drawn_at = 0.0

    def compose(self) -> ComposeResult:
        with Container(id="top"):
            yield self.status_bar
            yield self.tabs
        yield self.causes_pane
        self.panes = DividedPanes(
            self.layers_pane,
            self.statistics_pane,
            self.source_pane,
            self.chart_pane,
            self.log_pane,
        )
        self.panes.sizes = self._habits.config.panes
        yield self.panes
        yield self.keys_line
        yield Static("maxwhisper needs 60 columns and 18 rows", id="too-small")

    def on_mount(self) -> None:
        self.bring_forward(self._habits.config.side or "statistics")
        self.bring_forward(LAYERS)
        self.layers_pane.focus()
        self.set_interval(CLOCK_SECONDS, self._tick_clock)
        # What has nothing to draw wakes nobody.
        self._ticks = self.set_interval(TICK_SECONDS, self._tick_rows, pause=True)

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
        return self.layers_pane.cursor

    def select(self, index: int) -> None:
        """Gives a layer that is folded away a row, too."""
        layers = self._state.results.layers
        if index not in self.layers_pane.rows_shown and layers:
            self._state.arrangement.reveal(index, self._state.results)
            self.lay_rows(index)
        self.layers_pane.select(index)
        if index < len(layers):  # at once: rows may be laid before the pane says so
            self.selected = layers[index].name

    def choose(self, index: int) -> None:
        """Selects a layer for a person: it stays selected."""
        self._state.following = False
        self._state.chosen = True
        self.select(index)

    def go_to_cause(self, index: int) -> None:
        """Selects a layer that is to blame: the selection goes with the answer again."""
        self._state.following = self._state.chosen = False
        self._answered = self._answer()
        self.select(index)
        self.causes_pane.choose(index)

    def _answer(self) -> tuple[int, int | None]:
        """Which save, and which layer is its culprit."""
        return self._state.results.generation, self._state.results.culprit()

    def lay_rows(self, cursor: int | None = None) -> None:
        """After other layers are to be shown, or in another order."""
        self.layers_pane.fill(self._state, self.cursor if cursor is None else cursor)
        self._draw_every_row()

    @on(LayersPane.RoomChanged)
    def _room_changed(self) -> None:
        if self._state.results.layers:
            self.lay_rows()

    @on(DataTable.RowHighlighted)
    def _row_highlighted(self) -> None:
        if self.layers_pane.moved_by_hand:
            self._state.chosen = True
        self.show_cursor()

    def _show_answer(self) -> None:
        """Unless a person chose a layer: selects the culprit, once its cause is known; if
        all is well at the start, the model's result. Once: a person may go on from there
        to the next root cause."""
        run, answer = self._state.results, self._answer()
        if self._state.chosen or answer == self._answered:
            return
        culprit = run.culprit()
        if culprit is None:
            if run.is_complete and self.cursor == 0:
                self.select(run.last)
        elif run.settled or run.findings(culprit):
            self._answered = answer
            self.select(culprit)
        elif run.is_complete:  # until that is known: the first that differs
            self.select(culprit)

    # -- Keys and mouse --------------------------------------------------------------

    @on(Listing.LineChosen)
    def _line_chosen(self, event: Listing.LineChosen) -> None:
        """Breakpoints of the layers that the clicked line calls."""
        run = self._state.results
        sides = (
            {layer.name: layer.place for layer in run.layers},
            run.loaded.places if run.loaded else {},
        )
        called = {name for side in sides for name, at in side.items() if at == event.place}
        if not called:
            self.notify("no layer is called on this line: no breakpoint can be there")
            return
        marked = self._state.breakpoints
        self._state.breakpoints = marked - called if called <= marked else marked | called
        self.show_all()

    @on(ChartPane.Chosen)
    def _bar_chosen(self, event: ChartPane.Chosen) -> None:
        self.choose(event.index)

    def action_cursor(self, rows: int) -> None:
        """To the layer of another row."""
        pane = self.layers_pane
        last = max(len(pane.rows_shown) - 1, 0)
        self.choose(pane.layer_at(min(max(pane.cursor_row + rows, 0), last)))

    def action_first(self) -> None:
        self.choose(self.layers_pane.layer_at(0))

    def action_last(self) -> None:
        self.choose(self.layers_pane.layer_at(len(self.layers_pane.rows_shown) - 1))

    def action_fold(self) -> None:
        if self._state.results.layers:
            arrangement, run = self._state.arrangement, self._state.results
            self._state.chosen = True  # else the next answer would unfold it
            self.lay_rows(arrangement.fold(self.cursor, run))

    def action_fold_equal(self) -> None:
        if self._state.results.layers:
            arrangement, run = self._state.arrangement, self._state.results
            self._state.chosen = True
            arrangement.fold_equal(run)
            self.lay_rows(arrangement.nearest(self.cursor, run))

    def action_only(self) -> None:
        """All layers, only those that are to blame, only those that a save has changed."""
        """A kind of which there is none is passed over, and the selection goes to the
        nearest of the others."""
        arrangement, run = self._state.arrangement, self._state.results
        arrangement.only = following(arrangement.only)
        while arrangement.only and not arrangement.chosen(run):
            arrangement.only = following(arrangement.only)
        shown = arrangement.chosen(run) or {self.cursor}
        near = min(shown, key=lambda index: abs(index - self.cursor))
        self.lay_rows(self.cursor if arrangement.only is Only.ALL else near)
        self.notify(f"layers: {arrangement.only or 'all'}")

    def action_order(self) -> None:
        arrangement = self._state.arrangement
        arrangement.order = following(arrangement.order)
        self.lay_rows()
        self.notify(f"layers: {arrangement.order or 'in order of computation'}")

    def action_columns(self) -> None:
        self.app.push_screen(ColumnsScreen(self._state.columns, self.lay_rows))

    def action_search(self) -> None:
        """Goes along with what is typed; who gives it up is back where the search began."""
        begun = self.cursor

        def typed(text: str) -> bool:
            found = self._state.stepper.search(text, begun - 1) if text else begun
            if found is not None:
                self.choose(found)
            return found is not None

        def searched(text: str | None) -> None:
            if text:
                self._search = text
            else:
                self.choose(begun)

        self.app.push_screen(SearchScreen(typed), searched)

    def action_search_again(self, direction: int) -> None:
        found = self._state.stepper.search(self._search, self.cursor, direction)
        if not self._search or found is None:
            self.notify(f"no layer has {self._search!r} in its name", markup=False)
        else:
            self.choose(found)

    # -- Drawing ---------------------------------------------------------------------

    def show_layers(self) -> None:
        """After the layers or the columns have changed."""
        place = self._state.stepper.row_of(self.selected)
        self.layers_pane.fill(self._state, self.cursor if place is None else place)
        self.show_all()

    def show_all(self) -> None:
        """After anything that may concern every row."""
        # Textual keeps ten thousand cells as they once were, a hundred kilobytes a save.
        self.layers_pane.notify_style_update()
        self.draw_rows()
        self._show_answer()
        self._state.arrangement.fold_if_all_is_well(self._state.results)
        self._draw_every_row()
        self.show_cursor()
        self.show_status()

    def _draw_every_row(self) -> None:
        state, pane = self._state, self.layers_pane
        shown = state.arrangement.rows(state.results, self.cursor)
        if state.results.layers and shown != pane.rows_shown:
            pane.fill(state, self.cursor)
        pane.learn(state)
        for index in pane.rows_shown:
            pane.show(index, state)

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
        self.layers_pane.learn(self._state)
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
        self.layers_pane.show(index, self._state)

    def show_cursor(self) -> None:
        """Brings the panes that are about the selected layer up to date."""
        results = self._state.results
        if self.cursor < len(results.layers):
            self.selected = results.layers[self.cursor].name
        self.statistics_pane.show(self.cursor, results, self._state.second_run)
        self.chart_pane.show(self.cursor, results)
        self.source_pane.show(self.cursor, results)

    def show_status(self) -> None:
        self.status_bar.show(self._state)
        activity = self._state.activity
        is_long = activity.busy and activity.elapsed >= 1  # then the bar needs the room
        self.query_one("#top").set_class(is_long, "busy")
        self.causes_pane.show(self._state)
        names, labels = offered(self._state)
        self.keys_line.show(names, self._habits.keys, labels=labels)

    def bring_forward(self, name: str) -> None:
        """Where there is room for one other pane only, shows this one; where there is not
        even that, nothing else."""
        self._forward = name
        if name in SIDE_PANES:
            self._side = name
            for other in SIDE_PANES:
                self.query_one(f"#{other}").set_class(other != name, "aside")
        self.panes.set_class(name == LAYERS, "-layers")
        self._show_tabs()

    def _show_tabs(self) -> None:
        alone = self.app.size.width < SLIM_BELOW
        self.tabs.show({self._forward} if alone else {LAYERS, self._side})

    def on_resize(self) -> None:
        self._show_tabs()
        self.show_status()

    def is_in_focus(self, name: str) -> bool:
        pane = self.query_one(f"#{name}")
        focused = self.app.focused
        return focused is not None and pane in focused.ancestors_with_self

    def action_grow(self, across: int, down: int) -> None:
        """The pane that has the focus."""
        here = [name for name in PANES if self.is_in_focus(name)]
        self.panes.grow(here[0] if here else LAYERS, across, down)

    def action_usual_sizes(self) -> None:
        self.panes.resize(PaneSizes())
