"""The overlay of the weights: open at once, filled as the engine compares them.

Weights come before layers in the order of suspicion: a layer that computes rightly with
another layer's weight is wrong, and no operation of it is.
"""

from collections import Counter

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.widgets import OptionList, Static

from debug.protocol.diagnostic import LOOK, Problem
from debug.protocol.weights import (
    ComparedWeight,
    CompareWeights,
    Likeness,
    WeightsCompared,
)
from tui import words
from tui.columns import Column
from tui.dashboard.activity import why_refused
from tui.dashboard.changes import Answered, Change, Refused
from tui.dashboard.engine_link import EngineLink
from tui.dashboard.overlay import Overlay
from tui.dashboard.overlay_keys import WEIGHTS_KEYS
from tui.dashboard.rows_pane import RowsPane

GLYPHS = {
    Likeness.EQUAL: "✓",
    Likeness.ROUNDED: "✓",
    Likeness.OTHER_ORDER: "✗",
    Likeness.DIFFERENT: "✗",
    Likeness.ONLY_PYTORCH: "?",
    Likeness.ONLY_MAX: "·",
}
"""A weight that only the port has may be one that PyTorch computes."""


class WeightsScreen(Overlay[int]):
    """Gives back the layer whose weight was chosen, if one was."""

    KEYS = WEIGHTS_KEYS
    BINDINGS = [key.binding() for key in KEYS]

    def __init__(self, link: EngineLink) -> None:
        """
        Raises:
            Problem: there is nobody to ask, or nothing to ask about.
        """
        super().__init__(link)
        if not link.state.results.generation or not link.alive:
            raise Problem(LOOK, why_refused(link.state.activity, link.state.keyboard))
        self._weights: list[ComparedWeight] = []
        self._total: int | None = None
        self._generation = 0
        """Of the weights that are shown."""
        self._asked = 0
        """The generation that was asked about last."""
        self._only = False
        self._refused = ""
        self.table = RowsPane[ComparedWeight]("weights")

    def compose(self) -> ComposeResult:
        yield Static(id="weights-title", classes="overlay-title", markup=False)
        yield self.table
        yield self.keys_line

    def on_mount(self) -> None:
        self.table.list.focus()
        self._ask()

    def on_resize(self) -> None:
        self.draw_soon()

    # -- Asking ----------------------------------------------------------------------

    def _ask(self) -> None:
        self._asked, self._refused = self._link.state.results.generation, ""
        self._link.send(CompareWeights())
        self.draw_soon()

    def hear(self, change: Change) -> None:
        match change:
            case Answered(WeightsCompared() as found):
                self._take(found)
            case Refused(diagnostic) if diagnostic.kind == LOOK:
                self._refused = diagnostic.message
            case _ if self._asked != self._link.state.results.generation:
                self._ask()
        self.draw_soon()

    def _take(self, found: WeightsCompared) -> None:
        if found.begin == 0:
            self._weights, self._generation = [], found.generation
        if (found.generation, found.begin) != (self._generation, len(self._weights)):
            return
        self._weights += found.weights
        self._total = found.total
        if len(self._weights) < found.total:
            self._link.send(CompareWeights(len(self._weights)))

    # -- Keys and mouse --------------------------------------------------------------

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        layer = self.table.rows[event.option_index].layer
        names = [each.name for each in self._link.state.results.layers]
        if layer in names:
            self.dismiss(names.index(layer))
        else:
            self.notify("it belongs to no layer by itself")

    def action_only(self) -> None:
        self._only = not self._only
        self.draw()

    def action_copy(self) -> None:
        text = self.table.as_text()
        self.app.copy_to_clipboard(text)
        self.notify(f"copied: {len(text.splitlines())} weights")

    def action_close(self) -> None:
        self.dismiss()

    # -- Drawing ---------------------------------------------------------------------

    def draw(self) -> None:
        self.offer()
        self.query_one("#weights-title", Static).update(self._title())
        shown = self._weights
        if self._only:
            shown = [each for each in shown if not each.likeness.healthy]
        self.table.show(COLUMNS, shown)
        self.table.set_class(self._is_old, "gone")

    @property
    def _is_old(self) -> bool:
        run = self._link.state.results
        is_known = self._total is not None
        return is_known and (self._generation != run.generation or run.stale is not None)

    def _title(self) -> Text:
        text = Text(" weights ", "bold")
        if self._refused:
            return text.append(self._refused, "bold")
        if self._total is None:
            return text.append(" the engine compares them …")
        counts = Counter(each.likeness for each in self._weights)
        told = [f"{counts[each]} {each.value}" for each in Likeness if counts[each]]
        laid = sum(bool(each.layout) for each in self._weights)
        text.append(f" {', '.join(told) or 'there are none'}")
        text.append(f"; {laid} in another layout" if laid else "")
        if len(self._weights) < self._total:
            text.append(f"  {len(self._weights)} of {self._total} …")
        if self._only:
            text.append("  only those that are not equal", "italic")
        return text.append("  of an earlier save", "italic") if self._is_old else text


def _verdict(each: ComparedWeight) -> Text:
    style = "" if each.likeness.healthy else "bold"
    return Text(f"{GLYPHS[each.likeness]} {each.likeness.value}", style)


def _other_name(each: ComparedWeight) -> str:
    """The port's name, where it is not PyTorch's."""
    return "" if each.candidate == each.reference else each.candidate


def _shapes(each: ComparedWeight) -> str:
    sides = (each.reference_shape, each.candidate_shape)
    return " → ".join(dict.fromkeys(words.shape(side) for side in sides if side))


COLUMNS = [
    Column[ComparedWeight]("weight", lambda each: each.reference, is_name=True),
    Column[ComparedWeight]("is", _verdict),
    Column[ComparedWeight]("differs by", lambda each: _error(each), right=True),
    Column[ComparedWeight]("PyTorch → MAX", _shapes),
    Column[ComparedWeight]("layout", lambda each: each.layout),
    Column[ComparedWeight]("in MAX", _other_name, is_name=True),
    Column[ComparedWeight]("dtype", lambda each: each.dtype, dispensable=1),
    Column[ComparedWeight]("", lambda each: each.note, dispensable=2),
]


def _error(each: ComparedWeight) -> str:
    return words.number(each.error, 2) if each.error is not None else ""
