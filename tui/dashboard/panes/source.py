"""Both sides' source at the selected layer, or the candidate's at the line of an error."""

from typing import Self

from textual.app import ComposeResult
from textual.containers import Container
from textual.events import Resize

from debug.protocol.values import Place
from debug.results.run import Run
from tui.answer import place_text
from tui.dashboard.panes.gutter import candidate_gutter, reference_gutter
from tui.dashboard.panes.listing import Listing

BESIDE_FROM = 120
"""Columns of the pane from which both sides fit beside each other."""
HALVES_FROM = 8
"""Lines from which PyTorch's side is more than the line in question."""
BOTH_FROM = 5


class SourcePane(Container):
    """The candidate's line for a step and, with it, the reference's."""

    ALLOW_MAXIMIZE = True  # with both sides, whichever has the focus

    def __init__(self) -> None:
        super().__init__(id="source")
        self.candidate = Listing("candidate")
        self.reference = Listing("reference")

    def compose(self) -> ComposeResult:
        yield self.candidate
        yield self.reference

    def focus(self, scroll_visible: bool = True) -> Self:
        self.candidate.focus(scroll_visible)
        return self

    @property
    def place(self) -> Place | None:
        """The line that is marked, for an editor to open."""
        return self.candidate.place

    def on_resize(self, event: Resize) -> None:
        width, height = event.size
        beside = width >= BESIDE_FROM
        self.set_class(beside, "beside")
        self.set_class(not beside and height < HALVES_FROM, "low")
        self.set_class(not beside and height < BOTH_FROM, "lowest")

    def show(self, index: int, run: Run) -> None:
        problem = run.stale
        broken = problem is not None and None not in (problem.path, problem.line)
        self.set_class(broken, "problem")
        theirs = None if broken else _reference_place(index, run)
        self.set_class(theirs is None, "single")
        if problem and problem.path and problem.line:
            self.candidate.show(f"MAX {problem}", Place(problem.path, problem.line), {})
            return
        ours, title = candidate_place(index, run)
        gutter = candidate_gutter(ours.path, index, run) if ours else {}
        self.candidate.show(title, ours, gutter)
        if theirs is not None:
            gutter = reference_gutter(theirs.path, index, run)
            self.reference.show(f"PyTorch {place_text(theirs)}", theirs, gutter)


def candidate_place(index: int, run: Run) -> tuple[Place | None, str]:
    """The line that calls a layer, or its block's if none does, and what to call it."""
    if run.loaded is None or not 0 <= index < len(run.layers):
        return None, "MAX"
    layer = run.layers[index]
    if layer.is_input:
        return None, f"MAX gets {layer.name} as an input"
    finding = run.finding(index)
    if finding is not None and (place := finding.place):
        return place, f"MAX {place_text(place)}, {finding.op or 'the mistake'}"
    if place := run.loaded.places.get(layer.name):
        return place, f"MAX {place_text(place)}"
    return run.loaded.places.get(layer.parent or ""), f"MAX: nothing calls {layer.name}"


def _reference_place(index: int, run: Run) -> Place | None:
    """The reference's line for the same step."""
    if not 0 <= index < len(run.layers):
        return None
    finding = run.finding(index)
    return (finding and finding.reference) or run.layers[index].place
