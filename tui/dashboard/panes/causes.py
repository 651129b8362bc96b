"""The answer: a row for each line that is to blame, above everything else.

    ✗ encoder.py:28 · epsilon is 0.001, PyTorch's is 1e-05 (explains 100 %) · attn_ln
    … looking for causes, 3 of 9, 4.1 s

A row that is chosen leads to its layer. Until it is known which layer is at fault, the row
says "first difference": a layer that only passes an error on is never blamed.
"""

from rich.style import Style
from rich.text import Text
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from debug.protocol.verdict import Verdict
from debug.results.root_causes import NOT_YET, RootCause, root_causes
from debug.results.run import Run
from tui import words
from tui.answer import layers_of, place_text
from tui.dashboard.state import State
from tui.verdict_colours import colour


class CausesPane(OptionList):
    """As high as what it says, up to a limit of the style sheet."""

    def __init__(self) -> None:
        super().__init__(id="causes", markup=False)
        self._shown: list[tuple[str, int | None]] = []

    def show(self, state: State) -> None:
        run = state.results
        causes = [
            cause
            for number, cause in enumerate(root_causes(run))
            if number == 0 or cause.why != NOT_YET
        ]
        rows = [self._row(cause, run) for cause in causes]
        rows += self._progress(state) or ([] if causes else [self._all_well(run)])
        shown = [(text.plain, index) for text, index in rows]
        if shown == self._shown and not run.stale:
            return
        self._shown = shown
        chosen = self.highlighted
        self.set_options(Option(text) for text, _ in rows)
        if chosen is not None and chosen < len(rows):
            self.highlighted = chosen

    def _row(self, cause: RootCause, run: Run) -> tuple[Text, int]:
        index = cause.layers[0]
        result = run.current(index)
        verdict = result.chained.verdict if result else Verdict.DIVERGED
        shade = colour(verdict, self.app.current_theme.dark)
        quiet = Style(dim=bool(run.stale))
        names = layers_of(cause, run)
        if run.isolated(index) is None and not run.findings(index):
            text = Text.assemble((f"{words.GLYPHS[verdict]} ", shade), "first difference: ")
            return text.append(names, "bold"), index
        parts = [place_text(cause.place)] if cause.place else []
        text = Text.assemble((f"{words.GLYPHS[verdict]} ", f"bold {shade}"), style=quiet)
        for part in (*parts, cause.why, names):
            text.append(part, "bold" if part in parts else "").append(" · ", "dim")
        text.right_crop(3)
        return text, index

    @staticmethod
    def _progress(state: State) -> list[tuple[Text, None]]:
        """What is still being found out, with its clock."""
        run = state.results
        if state.activity.busy or run.position < 0 or run.settled or run.stale:
            return []
        doing = words.working(state.job) if state.job else "comparing"
        elapsed = state.activity.elapsed
        clock = f", {words.seconds(elapsed)}" if elapsed >= 1 else ""
        return [(Text(f"… {doing}{clock}", "dim"), None)]

    @staticmethod
    def _all_well(run: Run) -> tuple[Text, None]:
        if run.stale:
            return Text(f"✗ {run.stale.message}", "bold"), None
        if run.position < 0:
            return Text("· nothing has run yet", "dim"), None
        if not (run.is_complete and run.settled):
            return Text("· no difference so far", "dim"), None
        return Text(f"✓ {words.all_ok(run)}"), None

    def layer_of(self, row: int) -> int | None:
        """The layer that a row leads to."""
        return self._shown[row][1]
