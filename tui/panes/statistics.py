"""The numbers of one layer: both sides, their difference, and where it is worst."""

from rich.console import Group
from rich.table import Table
from rich.text import Text
from textual.containers import VerticalScroll
from textual.widgets import Static

from debug.protocol import Compared, Divergence, Layer, Stats
from debug.run import Run
from debug.verdict import OK_UP_TO
from tui import words

SPARKS = "▁▂▃▄▅▆▇█"


class StatisticsPane(VerticalScroll):
    BORDER_TITLE = "numbers"

    def __init__(self) -> None:
        super().__init__(id="statistics")

    def compose(self):  # noqa: ANN201
        yield Static(id="statistics-text", markup=False)

    def show(self, index: int, run: Run, compiled: Run | None) -> None:
        if not 0 <= index < len(run.layers):
            return
        layer, result = run.layers[index], run.results.get(index)
        self.border_title = f"numbers: {layer.name}"
        parts = [_sides(layer.reference, result.candidate if result else None)]
        if result is not None:
            parts += self._divergence(layer, result, run)
        other = compiled.results.get(index) if compiled else None
        if other is not None:
            parts.append(self._one_line("compiled", other.chained))
        self.query_one("#statistics-text", Static).update(Group(*parts))

    def _divergence(self, layer: Layer, result: Compared, run: Run) -> list:
        chained = result.chained
        headline = self._one_line("verdict", chained)
        if chained.reason:
            return [headline, Text(f"  {chained.reason}")]
        note = "not computed again" if result.reused else words.seconds(result.seconds)
        if result.generation != run.generation:
            note = f"of generation {result.generation}"
        details = Table.grid(padding=(0, 1))
        details.add_row("relative L2", words.number(chained.rel_l2))
        details.add_row("floor", f"{words.number(layer.floor)}, PyTorch's own rounding")
        at = f" at {chained.max_abs_at}" if chained.max_abs_at else ""
        details.add_row("max abs", words.number(chained.max_abs) + at)
        details.add_row("1 - cosine", words.number(chained.cosine_distance))
        if chained.channel:
            details.add_row("worst channel", _slice(chained.channel))
        if chained.frame:
            details.add_row("worst frame", _slice(chained.frame))
        details.add_row("computed", note)
        if chained.frames:
            details.add_row("over frames", Text(sparkline(chained.frames)))
        if chained.channels:
            details.add_row("over channels", Text(sparkline(chained.channels)))
        return [headline, details]

    def _one_line(self, title: str, chained: Divergence) -> Text:
        colour = self.app.theme_variables[words.style_variable(chained.verdict)]
        text = Text.assemble(
            f"{title:<9}", (words.verdict(chained.verdict), f"bold {colour}")
        )
        if chained.ratio is not None:
            text.append(f"  R {words.ratio(chained.ratio)} (ok to {OK_UP_TO:g})")
        return text


def _sides(reference: Stats, candidate: Stats | None) -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_row("", *(Text(t, "bold") for t in ("reference", "candidate", "difference")))
    shapes = [words.shape(reference.shape), words.shape(candidate.shape) if candidate else ""]
    table.add_row("shape", *shapes, "" if shapes[0] == shapes[1] or not candidate else "differs")
    table.add_row("dtype", reference.dtype, candidate.dtype if candidate else "")
    for name in ("mean", "std", "min", "max"):
        ours = getattr(candidate, name) if candidate else None
        theirs = getattr(reference, name)
        both = ours is not None and theirs is not None
        difference = words.number(ours - theirs, 3) if both else ""
        ours_text = words.number(ours, 6) if candidate else ""
        table.add_row(name, words.number(theirs, 6), ours_text, difference)
    if reference.nonfinite or (candidate and candidate.nonfinite):
        count = str(candidate.nonfinite) if candidate else ""
        table.add_row("NaN, Inf", str(reference.nonfinite), count)
    return table


def _slice(worst) -> str:  # noqa: ANN001
    return f"{worst.index}, R {words.ratio(worst.ratio)}, {words.number(worst.rel_l2, 3)}"


def sparkline(values: list[float | None]) -> str:
    """One cell a value on the scale of the bars; a value that is no number is ``!``."""
    cells = []
    for value in values:
        position = words.decade(value)
        top = len(SPARKS) - 1
        cells.append("!" if position is None else SPARKS[round(position * top)])
    return "".join(cells)
