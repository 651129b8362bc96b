"""One table of two columns: MAX's operation beside PyTorch's for the same value.

Each value on MAX's side is looked up among PyTorch's values. The first one that is not
found there, although all of its operands are, is the bug: it is marked ❱, and beside it
stands the PyTorch step that it is most like. A row with one side only is a step that the
other takes in another way, or leaves out.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import RenderableType
from rich.style import Style
from rich.table import Table
from rich.text import Text

from debug.protocol.messages import Inspected
from debug.protocol.statistics import STATISTICS, Stats
from debug.protocol.values import (
    Layer,
    OperationView,
    Place,
    SegmentView,
    Sensitivity,
)
from debug.results.headroom import float16_headroom
from debug.results.why import CONVINCING, share
from tui import words
from tui.answer import place_text
from tui.columns import Column, laid_out

ROOMY = 110
"""Columns from which lines are shown with their files."""
SCARCE = 8.0
"""Headroom in float16 below which a note says so."""
CULPRIT = "❱"
LEGEND = (
    "Both sides run on PyTorch's inputs. ✓ a value that PyTorch has, too, or that leads to "
    "one; ✗ a value that PyTorch does not have; ❱ the first ✗ whose inputs are all ✓: the "
    "bug, beside the step that it is most like. Numbers: MAX | PyTorch.\n"
)


@dataclass(frozen=True)
class Row:
    """An operation of either side, or one of each for the same value."""

    ours: OperationView | None
    theirs: OperationView | None
    is_culprit: bool = False


def rows_of(code: SegmentView) -> list[Row]:
    """Both sides in their order; what only PyTorch has stands before what comes after."""
    paired = {op.pair for op in code.candidate if op.pair is not None}
    rows: list[Row] = []
    alone = [n for n in range(len(code.reference)) if n not in paired]
    for index, op in enumerate(code.candidate):
        theirs = None
        if op.pair is not None:
            theirs = code.reference[op.pair]
            while alone and alone[0] < op.pair:
                rows.append(Row(None, code.reference[alone.pop(0)]))
        rows.append(Row(op, theirs, index == code.culprit))
    return [*rows, *(Row(None, code.reference[n]) for n in alone)]


def told(
    inspected: Inspected, layer: Layer, others: Sequence[str], room: int
) -> list[RenderableType]:
    """All that is known of a layer's own code: the tables, and below them what the marks
    mean and how much the layer matters, which is known later.

    Args:
        inspected: what the engine has answered.
        layer: which it is about.
        others: the other layers with errors of their own.
        room: cells of a line.
    """
    parts: list[RenderableType] = []
    for code in inspected.codes:
        parts += [*_code(code, room), Text()]
    return [*parts, Text(LEGEND, "dim"), *map(Text, _would_be(inspected, layer, others))]


def _code(code: SegmentView, room: int) -> list[RenderableType]:
    if not code.candidate and not code.reference:
        return [Text(f"{code.target}: passed through unchanged")]
    return [Text(code.target, "bold underline"), _table(rows_of(code), room)]


def _table(rows: Sequence[Row], room: int) -> Table:
    columns = _columns(room >= ROOMY)
    cells = [
        [Text(str(column.cell(row)), _style(row)) for column in columns] for row in rows
    ]
    return laid_out(columns, cells, room)


def _style(row: Row) -> Style:
    return Style(bold=row.is_culprit, dim=row.ours is None or row.theirs is None)


def _columns(roomy: bool) -> list[Column[Row]]:
    """Where there is little room, the file goes without saying; statistics are the first
    to be left out, the last of them first."""
    return [
        Column[Row]("", _mark),
        Column[Row]("MAX", lambda row: _name(row.ours)),
        Column[Row]("line", lambda row: _line(row.ours, roomy)),
        Column[Row]("PyTorch", lambda row: _name(row.theirs)),
        Column[Row]("line", lambda row: _line(row.theirs, roomy)),
        Column[Row]("differ by", _difference, right=True),
        Column[Row]("shape", _shapes, dispensable=1),
        *(_statistic(name) for name in STATISTICS),
        Column[Row]("", _note, wraps=True),
    ]


def _mark(row: Row) -> str:
    if row.is_culprit:
        return f"{CULPRIT}✗"
    side = row.ours or row.theirs
    assert side is not None
    return " ✓" if side.right else " ✗"


def _name(of: OperationView | None) -> str:
    return of.name if of else "·"


def _line(of: OperationView | None, with_file: bool) -> str:
    place: Place | None = of.place if of else None
    if place is None:
        return ""
    return place_text(place) if with_file else str(place.line)


def _difference(row: Row) -> str:
    if row.ours is None or row.theirs is None:
        return ""
    return words.number(row.ours.error, 2) if row.ours.error is not None else "no number"


def _shapes(row: Row) -> str:
    sides = (side for side in (row.ours, row.theirs) if side)
    return " | ".join(dict.fromkeys(words.shape(side.stats.shape) for side in sides))


def _statistic(name: str) -> Column[Row]:
    def cell(row: Row) -> str:
        sides = (row.ours, row.theirs)
        numbers = (words.number(getattr(s.stats, name), 3) if s else "·" for s in sides)
        return " | ".join(numbers)

    return Column(name, cell, dispensable=1)


def _note(row: Row) -> str:
    """Warnings about MAX's value, and what it is where no PyTorch step makes it."""
    if row.ours is None:
        return ""
    match = row.ours.match if row.theirs is None else ""
    return "; ".join(part for part in (*_alarms(row.ours.stats), match) if part)


def _alarms(stats: Stats) -> list[str]:
    alarms = []
    room = float16_headroom(stats)
    if stats.dtype == "float16" and room is not None and room < SCARCE:
        alarms.append(f"×{words.number(room, 3)} to overflow")
    if stats.nonfinite:
        alarms.append(f"{stats.nonfinite} NaN or Inf")
    return alarms


def _would_be(inspected: Inspected, layer: Layer, others: Sequence[str]) -> list[str]:
    """How much the layer matters in the end."""
    lines = []
    if (disappears := inspected.disappears) is not None:
        part = share(disappears)
        would_go = (
            f"With only this layer's value replaced by PyTorch's, {part} of the final "
            "error would go"
        )
        lines.append(would_go + _what_stays(disappears, others))
    if inspected.appears is not None:
        error = words.number(inspected.appears, 3)
        lines.append(f"With only this layer run on MAX, the final error would be {error}.")
    if inspected.sensitivity is not None:
        lines.append(_self_test(inspected.sensitivity, layer.row))
    if inspected.more_to_come:
        lines.append("How much it matters in the end is being tried …")
    return lines


def _what_stays(disappears: float, others: Sequence[str]) -> str:
    """Why the rest would stay: a layer is no less wrong because others are wrong, too."""
    if disappears >= CONVINCING or not others:
        return "."
    return f": other layers have errors of their own: {words.listed([*others])}."


def _self_test(sensitivity: Sensitivity, row: str) -> str:
    """The smallest error that the debugger would not miss here."""
    sizes = {
        "everywhere": sensitivity.whole,
        f"in one {row}": sensitivity.frame,
        "in one channel": sensitivity.channel,
    }
    caught = [f"{words.number(size, 3)} {part}" for part, size in sizes.items() if size]
    itself = words.number(sensitivity.itself, 3)
    smallest = f"errors are detected from {', '.join(caught)}"
    seen = smallest if caught else "no error is detected"
    return f"Self-test: PyTorch compared with itself is off by {itself}; {seen}."
