"""The answer: a row for each line that is to blame, above everything else.

    ✗ encoder.py:28 · epsilon is 0.001, PyTorch's is 1e-05 (explains 100 %) · attn_ln
    … looking for causes, 3 of 9, 4.1 s

A row that is chosen leads to its layer. Until a mistake was found the row says "first
difference": a layer that only passes an error on is never blamed. A low terminal has two
lines for all of it; of more root causes each says which of how many it is.
"""

from rich.style import Style
from rich.text import Text
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from debug.protocol.verdict import Verdict
from debug.results.root_causes import RootCause, root_causes
from debug.results.run import Run
from tui import words
from tui.answer import BY_ITSELF, layers_of, place_text, share_by_itself
from tui.dashboard.room import MEDIUM_FROM
from tui.dashboard.selectable import Selectable
from tui.dashboard.state import State
from tui.verdict_colours import colour

BEFORE = "before the last save: "
LOW_ROWS = 2
"""In a low terminal; the style sheet has the same."""
Row = tuple[Text, int | None]
"""A line, and the layer that it leads to."""


class CausesPane(Selectable, OptionList):
    """As high as what it says, up to a limit of the style sheet."""

    def __init__(self) -> None:
        super().__init__(id="causes", markup=False)
        self._shown: list[tuple[str, str, int | None]] = []

    def show(self, state: State) -> None:
        run = state.results
        causes = root_causes(run)
        rows = [self._row(number, causes, run) for number in range(len(causes))]
        if not causes and (culprit := run.culprit()) is not None:
            rows = [self._difference(culprit, run)]
        if run.stale and not (rows and self._is_low):  # the bar above says it, too
            rows = [(Text(f"✗ {run.stale}", "bold"), None), *rows]
        if not self._is_low or len(rows) < LOW_ROWS:
            rows += self._progress(state)
        rows = rows or [self._all_well(run)]
        shown = [(text.plain, str(text.style), index) for text, index in rows]
        if shown == self._shown:
            return
        self._shown, chosen = shown, self.highlighted
        self.set_options(Option(text) for text, _ in rows)
        if chosen is not None and chosen < len(rows):
            self.highlighted = chosen

    def choose(self, layer: int) -> None:
        """Shows the root cause of a layer, where there is not room for all."""
        layers = [index for _, _, index in self._shown]
        if layer in layers:
            self.highlighted = layers.index(layer)

    @property
    def _is_low(self) -> bool:
        return self.app.size.height < MEDIUM_FROM

    def _begin(self, index: int, run: Run) -> Text:
        result = run.current(index)
        verdict = result.chained.verdict if result else Verdict.DIVERGED
        shade = colour(verdict, self.app.current_theme.dark)
        if run.stale:
            return Text(BEFORE, "dim italic")
        return Text.assemble((f"{words.GLYPHS[verdict]} ", f"bold {shade}"))

    def _difference(self, index: int, run: Run) -> Row:
        text = self._begin(index, run).append(f"{words.difference(run)}: ")
        return text.append(run.layers[index].name, "bold"), index

    def _row(self, number: int, causes: list[RootCause], run: Run) -> Row:
        cause = causes[number]
        text = self._begin(cause.layers[0], run)
        if self._is_low and len(causes) > LOW_ROWS:
            text.append(f"{number + 1} of {len(causes)} · ", "dim")
        place = [place_text(cause.place)] if cause.place else []
        room = self.app.size.width - 2 - text.cell_len
        for part in _fitting(place, cause, run, room, may_wrap=not self._is_low):
            text.append(part, Style(bold=part in place and run.stale is None))
            text.append(" · ", "dim")
        text.right_crop(3)
        if self._is_low:
            text.truncate(self.app.size.width - 2, overflow="ellipsis")
        return text, cause.layers[0]

    @staticmethod
    def _progress(state: State) -> list[Row]:
        """What is still being found out, with its clock."""
        run = state.results
        if state.activity.busy or run.position < 0 or run.settled or run.stale:
            return []
        doing = words.working(state.job) if state.job else "comparing"
        elapsed = state.activity.elapsed
        clock = f", {words.seconds(elapsed)}" if elapsed >= 1 else ""
        return [(Text(f"… {doing}{clock}", "dim"), None)]

    @staticmethod
    def _all_well(run: Run) -> Row:
        if run.position < 0:
            return Text("· nothing has run yet", "dim"), None
        if not (run.is_complete and run.settled):
            return Text("· no difference so far", "dim"), None
        return Text(f"✓ {words.all_ok(run)}"), None

    def layer_of(self, row: int) -> int | None:
        """The layer that a row leads to."""
        return self._shown[row][2]


def _fitting(
    place: list[str], cause: RootCause, run: Run, room: int, may_wrap: bool
) -> list[str]:
    """A root cause in as many words as there is room for in a line."""
    known, names = cause.mistake.cause, layers_of(cause, run)
    count = f"{len(cause.layers)} layers" if cause.layers[1:] else names
    short = known.hypothesis if known and cause.mistake.complete else cause.why
    told = share_by_itself(cause)
    brief = told.removesuffix(BY_ITSELF)
    choices = [
        *([cause.why, names, told], [cause.why, count, told], [short, count, told]),
        *([short, count, brief], [short, brief], [short, count], [short]),
    ]
    parts = [[*place, *filter(None, choice)] for choice in choices]
    fits = (each for each in parts if len(" · ".join(each)) <= room)
    return next(fits, parts[0] if may_wrap else parts[-1])
