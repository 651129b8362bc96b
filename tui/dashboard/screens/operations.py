"""A layer's own code, operation by operation, on top of the dashboard."""

from pathlib import Path

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from debug.protocol.messages import Inspected
from debug.protocol.values import OperationView, Place, SegmentView, Sensitivity
from debug.results.headroom import float16_headroom
from tui import words
from tui.dashboard.screens.sheets import Sheet

ROOMY = 110
"""Columns from which numbers are shown beside the rest."""
SCARCE = 8.0
"""Headroom in float16 below which it is said."""
LEGEND = (
    "Both sides were fed PyTorch's values. ✓ is a value that PyTorch has too, or what "
    "leads to one; ✗ is not; ❱ is the first ✗ whose inputs are all ✓.\n"
)


class OperationsScreen(Sheet):
    """Every MAX operation with its line, its numbers and PyTorch's value that it is."""

    def __init__(self, layer: str, inspected: Inspected) -> None:
        super().__init__()
        self._layer, self._inspected = layer, inspected

    def compose(self) -> ComposeResult:
        parts: list[RenderableType] = [Text(self._layer, "bold")]
        parts += [Text(line) for line in _would_be(self._inspected)]
        parts.append(Text(LEGEND))
        roomy = self.app.size.width >= ROOMY
        for code in self._inspected.codes:
            parts += _code(code, roomy)
        with VerticalScroll(classes="sheet wide"):
            yield Static(Group(*parts))


def _would_be(inspected: Inspected) -> list[str]:
    """How much the layer matters in the end."""
    lines = []
    if inspected.disappears is not None:
        share = words.share(inspected.disappears)
        lines.append(f"If it alone were PyTorch's, {share} of the final error would go.")
    if inspected.appears is not None:
        error = words.number(inspected.appears, 3)
        lines.append(f"If it alone were MAX's, the final error would be {error}.")
    if inspected.sensitivity is not None:
        lines.append(_self_test(inspected.sensitivity))
    return lines


def _self_test(sensitivity: Sensitivity) -> str:
    """What the debugger would miss here."""
    sizes = {
        "everywhere": sensitivity.whole,
        "in one frame": sensitivity.frame,
        "in one channel": sensitivity.channel,
    }
    caught = [f"{words.number(size, 3)} {part}" for part, size in sizes.items() if size]
    itself = words.number(sensitivity.itself, 3)
    smallest = ", ".join(caught) or "none"
    return f"Self-test: PyTorch beside itself is off by {itself}; seen from {smallest}."


def _code(code: SegmentView, roomy: bool) -> list[RenderableType]:
    if not code.candidate and not code.reference:
        return [Text(f"{code.target}: handed on as it is\n")]
    ours, theirs = _table("MAX", roomy), _table("PyTorch", roomy)
    for index, op in enumerate(code.candidate):
        ours.add_row(*_cells(op, index == code.culprit, op.match, roomy))
    for op in code.reference:
        theirs.add_row(*_cells(op, False, ", ".join(op.operands), roomy))
    return [Text(code.target, "bold underline"), ours, Text(), theirs, Text()]


def _table(side: str, roomy: bool) -> Table:
    """With its titles in a row of their own: a grid has no header."""
    last = "is" if side == "MAX" else "of"
    numbers = ("mean", "std", "min", "max") if roomy else ()
    table = Table.grid(padding=(0, 1))
    for title in ("", side, "line", "shape", *numbers, last):
        table.add_column(no_wrap=title != last, min_width=2)
    titles = ("", side, "line", "shape", *numbers, last)
    table.add_row(*(Text(title, "bold") for title in titles))
    return table


def _cells(op: OperationView, culprit: bool, note: str, roomy: bool) -> list[Text]:
    mark = "❱✗" if culprit else (" ✓" if op.right else " ✗")
    stats = op.stats
    numbers = [words.number(n, 3) for n in (stats.mean, stats.std, stats.min, stats.max)]
    if stats.nonfinite:
        note = f"{stats.nonfinite} NaN or Inf; {note}".removesuffix("; ")
    room = float16_headroom(stats)
    if stats.dtype == "float16" and room is not None and room < SCARCE:
        note = f"×{words.number(room, 3)} to overflow; {note}".removesuffix("; ")
    shape = words.shape(stats.shape)
    line = _line(op.place) if roomy else str(op.place.line if op.place else "")
    texts = [mark, op.name, line, shape, *(numbers if roomy else []), note]
    return [Text(text, "bold" if culprit else "") for text in texts]


def _line(place: Place | None) -> str:
    return f"{Path(place.path).name}:{place.line}" if place else ""
