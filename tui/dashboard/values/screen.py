"""The values of a layer: numbers, a map of the error, how both sides are spread.

The screen asks the engine (`debug.protocol.survey`), one question of a kind at a time: who
holds an arrow key asks for the last place only. What a save has outdated is asked for again
as soon as the layer has run.
"""

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.widgets import OptionList, Static

from debug.protocol.diagnostic import DUMP, LOOK, Problem
from debug.protocol.survey import (
    ErrorMapped,
    Excerpt,
    Excerpted,
    Locate,
    Located,
    MapError,
    Survey,
    Surveyed,
)
from tui import words
from tui.dashboard.activity import GONE
from tui.dashboard.changes import Answered, Change, Refused
from tui.dashboard.engine_link import EngineLink
from tui.dashboard.files import refuse_layer
from tui.dashboard.overlay import Overlay
from tui.dashboard.overlay_keys import VALUES_KEYS
from tui.dashboard.room import NORMAL_FROM
from tui.dashboard.values.error_map import MapPane
from tui.dashboard.values.numbers import ExcerptPane, spelled
from tui.dashboard.values.place import Place
from tui.dashboard.values.scatter import ScatterPane
from tui.dashboard.values.spread import SpreadPane
from tui.dashboard.values.worst import WorstPane

PANES = ("excerpt", "error-map", "spread", "worst", "scatter")
SIDE = PANES[1:]
"""Where there is little room, one of these is below the numbers."""


class ValuesScreen(Overlay[int]):
    """Gives back the layer that was looked at last."""

    KEYS = VALUES_KEYS
    BINDINGS = [key.binding() for key in KEYS]

    def __init__(self, link: EngineLink, index: int) -> None:
        """
        Raises:
            Problem: there are no values of the layer to show.
        """
        super().__init__(link)
        refuse_layer(link.state.results, index, link.state.keyboard)
        if not link.alive:
            raise Problem(DUMP, link.state.keyboard.told(GONE))
        self._place = Place(index)
        self._waiting: set[type] = set()
        """Which kinds of questions have no answer yet."""
        self._refused = ""
        self.numbers = ExcerptPane(self._place, self._moved)
        self.map = MapPane(self._place, self._moved)
        self.spread, self.scatter, self.worst = SpreadPane(), ScatterPane(), WorstPane()

    def compose(self) -> ComposeResult:
        yield Static(id="values-title", classes="overlay-title", markup=False)
        yield Static(id="values-element", markup=False)
        with Container(id="values"):
            yield self.numbers
            yield self.spread
            yield self.map
            yield self.worst
            yield self.scatter
        yield self.keys_line

    def on_mount(self) -> None:
        self.action_pane("error-map")
        self.offer()
        self.numbers.focus()
        self._begin()

    def on_resize(self) -> None:
        self.offer()

    # -- Asking ----------------------------------------------------------------------

    def _begin(self) -> None:
        """The worst element's numbers come first, then all that is summed up."""
        self._refused = ""
        self._waiting = {Locate}
        self._link.send(Locate(self._place.index, self._place.alone))
        self.draw()

    def _moved(self) -> None:
        """Asks for what the panes lack, once of a kind."""
        place = self._place
        if place.located is None or Locate in self._waiting:
            return
        about = place.index, place.alone
        if not self.numbers.covers and Excerpt not in self._waiting:
            self._waiting.add(Excerpt)
            cut = place.cut(self.numbers.rows, self.numbers.columns)
            self._link.send(Excerpt(*about, cut))
        if not self.map.covers and MapError not in self._waiting and self.map.size:
            self._waiting.add(MapError)
            region = place.region or place.whole
            self._link.send(MapError(*about, place.axes, *self.map.room, region))
        self.draw()

    def hear(self, change: Change) -> None:
        """What the engine has answered, and what makes an answer old."""
        match change:
            case Answered(Located() | Surveyed() | Excerpted() | ErrorMapped() as answer):
                self._take(answer)
            case Refused(diagnostic) if diagnostic.kind == LOOK:
                self._waiting.clear()
                self._refused = diagnostic.message
                self.draw()
            case _:
                self._again_if_old()

    def _take(self, answer: Located | Surveyed | Excerpted | ErrorMapped) -> None:
        about = answer.index, answer.alone
        if about != (self._place.index, self._place.alone):
            return
        match answer:
            case Located():
                self._waiting.discard(Locate)
                self._place.begin(answer)
                self._moved()
                self._waiting.add(Survey)
                self._link.send(Survey(*about))
                return
            case Surveyed():
                self._waiting.discard(Survey)
                self.spread.show(self._place.located, answer)
                self.scatter.show(answer)
                self.worst.show(self._place.known, answer)
            case Excerpted():
                self._waiting.discard(Excerpt)
                self.numbers.excerpt = answer
            case ErrorMapped():
                self._waiting.discard(MapError)
                self.map.mapped = answer
        self._moved()

    def _again_if_old(self) -> None:
        run, place = self._link.state.results, self._place
        result = run.current(place.index)
        known = place.located.generation if place.located else None
        if result is None or self._waiting:
            self.draw()
        elif known != run.generation and not self._refused:
            self._begin()

    # -- Keys ------------------------------------------------------------------------

    @on(OptionList.OptionSelected, "#worst")
    def _jump(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        at = self.worst.place_of(event.option_index)
        if at is not None:
            self._place.at = list(at)
            self._moved()

    def action_worst(self) -> None:
        if self._place.located is not None:
            self._place.at = list(self._place.located.worst)
            self._moved()

    def action_alone(self) -> None:
        self._place.alone = not self._place.alone
        self._begin()

    def action_turn(self) -> None:
        if self._place.located is not None:
            self._place.turn()
            self._moved()

    def action_aside(self, places: int) -> None:
        if self._place.located is None:
            return
        if not self._place.move_aside(places):
            self.notify("every axis longer than one is on the screen")
        self._moved()

    def action_zoom(self, factor: float) -> None:
        if self._place.located is not None:
            self._place.zoom(factor)
            self._moved()

    def action_layer(self, step: int) -> None:
        """Another layer, in the same pane."""
        run = self._link.state.results
        index = self._place.index + step
        if not 0 <= index <= run.position:
            self.notify("that is the last layer that has run" if step > 0 else "the first")
            return
        self._place.index, self._place.located = index, None
        self._begin()

    def action_pane(self, name: str) -> None:
        if name in ("worst", "scatter"):
            self.query_one("#values").set_class(name == "scatter", "scattered")
        self.bring_forward(name, SIDE)

    def action_copy(self) -> None:
        lines = [self._title().plain, self._element().plain, self.numbers.as_text().plain]
        self.app.copy_to_clipboard("\n".join(lines))
        self.notify("copied: the numbers that are shown")

    def action_close(self) -> None:
        self.dismiss(self._place.index)

    # -- Drawing ---------------------------------------------------------------------

    def draw(self) -> None:
        if not self.is_mounted:
            return
        self.query_one("#values-title", Static).update(self._title())
        self.query_one("#values-element", Static).update(self._element())
        if self._place.located is not None:
            self.numbers.show()
            self.map.show()

    def _title(self) -> Text:
        place, run = self._place, self._link.state.results
        layer = run.layers[place.index]
        how = "isolated, on PyTorch's input" if place.alone else "in the run"
        shape = words.shape([axis.size for axis in place.known])
        text = Text.assemble((f" {layer.name} ", "bold"), (f" {how}  {shape}", ""))
        result = run.isolated(place.index) if place.alone else None
        chained = run.results.get(place.index)
        divergence = result or (chained.chained if chained else None)
        if divergence is not None and divergence.ratio is not None:
            text.append(f"  {words.verdict(divergence.verdict)}")
            text.append(f"  R {words.ratio(divergence.ratio)}")
        if run.current(place.index) is None:
            text.append("  of an earlier save", "italic")
        return text

    def _element(self) -> Text:
        """The element in the middle, in words."""
        place = self._place
        if self._refused:
            return Text(f" {self._refused}", "bold")
        if place.located is None:
            return Text(" the engine is asked …", "dim")
        text = Text(f" {place.told()}")
        if (element := self.numbers.element) is None:
            return text.append("  …", "dim")
        theirs, ours, difference = element
        roomy = self.size.width >= NORMAL_FROM
        digits = 7 if roomy else 5
        both = f"PyTorch {spelled(theirs, digits)}  MAX {spelled(ours, digits)}"
        text.append(f"  {both}", "bold").append(f"  off by {spelled(difference, 3)}")
        if roomy and not isinstance(difference, str) and place.located.typical:
            relative = words.number(abs(difference) / place.located.typical, 3)
            text.append(f" = {relative} of a typical value", "dim")
        return text
