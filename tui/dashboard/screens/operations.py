"""A layer's own code, operation by operation, on top of the dashboard.

MAX's graph and PyTorch's forward both run on PyTorch's inputs. Each value on MAX's side is
looked up among PyTorch's values. The first one that is not found there, although all of its
operands are, is the bug: it is marked ❱.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from debug.protocol.messages import Inspected
from debug.protocol.values import (
    STATISTICS,
    Layer,
    OperationView,
    Place,
    SegmentView,
    Sensitivity,
    Stats,
)
from debug.results.headroom import float16_headroom
from debug.results.why import CONVINCING, share
from tui import words
from tui.answer import place_text
from tui.columns import Column, laid_out
from tui.dashboard.screens.sheet import Sheet

ROOMY = 110
"""Columns from which numbers are shown beside the rest."""
SCARCE = 8.0
"""Headroom in float16 below which a note says so."""
LEGEND = (
    "Both sides run on PyTorch's inputs. ✓ marks a value that PyTorch has, too, or that "
    "leads to one; ✗ a value that PyTorch does not have; ❱ the first ✗ whose inputs are "
    "all ✓: the bug.\n"
)


class OperationsScreen(Sheet):
    """Every MAX operation with its line, its numbers and the match in PyTorch."""

    def __init__(
        self, layer: Layer, inspected: Inspected, others: Sequence[str] = ()
    ) -> None:
        """``others`` are the other layers with errors of their own."""
        super().__init__()
        self._layer, self._inspected, self._others = layer, inspected, others

    def compose(self) -> ComposeResult:
        parts: list[RenderableType] = [Text(self._layer.name, "bold")]
        would_be = _would_be(self._inspected, self._layer, self._others)
        parts += [Text(line) for line in would_be]
        parts.append(Text(LEGEND))
        roomy = self.app.size.width >= ROOMY
        for code in self._inspected.codes:
            parts += _code(code, roomy, self.room)
        with VerticalScroll(classes="sheet wide"):
            yield Static(Group(*parts))


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


@dataclass(frozen=True)
class Row:
    """An operation of either side."""

    operation: OperationView
    is_culprit: bool = False


def _code(code: SegmentView, roomy: bool, room: int) -> list[RenderableType]:
    if not code.candidate and not code.reference:
        return [Text(f"{code.target}: passed through unchanged\n")]
    ours = [Row(op, index == code.culprit) for index, op in enumerate(code.candidate)]
    theirs = [Row(op) for op in code.reference]
    return [
        Text(code.target, "bold underline"),
        _table(_columns("MAX", MATCH, roomy), ours, room),
        Text(),
        _table(_columns("PyTorch", OPERANDS, roomy), theirs, room),
        Text(),
    ]


def _columns(side: str, note: Column[Row], roomy: bool) -> list[Column[Row]]:
    """Where there is little room, the file goes without saying; numbers are the first to be
    left out."""
    return [
        Column("", _mark),
        Column[Row](side, lambda row: row.operation.name),
        Column[Row]("line", lambda row: _line(row.operation.place, with_file=roomy)),
        Column[Row]("shape", lambda row: words.shape(row.operation.stats.shape)),
        *(_statistic(name) for name in STATISTICS),
        note,
    ]


def _statistic(name: str) -> Column[Row]:
    def cell(row: Row) -> str:
        return words.number(getattr(row.operation.stats, name), 3)

    return Column(name, cell, dispensable=1)


def _mark(row: Row) -> str:
    if row.is_culprit:
        return "❱✗"
    return " ✓" if row.operation.right else " ✗"


MATCH = Column[Row]("match", lambda row: _noted(row, row.operation.match), wraps=True)
OPERANDS = Column[Row](
    "operands", lambda row: _noted(row, ", ".join(row.operation.operands)), wraps=True
)


def _noted(row: Row, text: str) -> str:
    """A text, after warnings about the values if there are any."""
    return "; ".join(part for part in (*_alarms(row.operation.stats), text) if part)


def _alarms(stats: Stats) -> list[str]:
    alarms = []
    room = float16_headroom(stats)
    if stats.dtype == "float16" and room is not None and room < SCARCE:
        alarms.append(f"×{words.number(room, 3)} to overflow")
    if stats.nonfinite:
        alarms.append(f"{stats.nonfinite} NaN or Inf")
    return alarms


def _table(columns: list[Column[Row]], rows: list[Row], room: int) -> Table:
    cells = [
        [Text(str(c.cell(row)), "bold" if row.is_culprit else "") for c in columns]
        for row in rows
    ]
    return laid_out(columns, cells, room, gap=1)


def _line(place: Place | None, with_file: bool) -> str:
    if place is None:
        return ""
    return place_text(place) if with_file else str(place.line)
