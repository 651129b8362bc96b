"""Tables whose columns are objects: a title, how it is laid out, and what a cell holds.

The columns themselves are with their tables: the dashboard's layers have theirs in
``tui/dashboard/panes/layer_columns.py``.

A table is a list of columns and a list of rows. Whoever adds a column adds one entry; no
second list of titles, alignments or cells has to keep the same order:

    COLUMNS = [
        Column("layer", lambda layer: layer.name, is_name=True),
        Column("R", lambda layer: words.ratio(layer.ratio), right=True),
        Column("max abs", lambda layer: words.number(layer.max_abs), dispensable=1),
    ]
    console.print(table_of(COLUMNS, layers, width), crop=False)

Half a number is a wrong number, so no cell is ever cut but a name. Where room is scarce,
names are shortened first, as far as they stay different (`tui.names`); then columns
are left out, the most dispensable first; and a table that is still too wide stays so.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from rich.table import Table
from rich.text import Text

from tui.names import SHORTEST, Cut, cut_of, without_front

T = TypeVar("T")
GAP = 2
"""Cells between two columns."""
LEGIBLE = 24
"""Cells that a name needs to be recognized, and a text to be read in lines."""


@dataclass(frozen=True)
class Column(Generic[T]):
    title: str
    cell: Callable[[T], str | Text]
    right: bool = False
    """Aligned to the right, as numbers are."""
    wraps: bool = False
    """A long text may take several lines."""
    is_name: bool = False
    """Shortened before any column is left out."""
    dispensable: int = 0
    """Left out where there is too little room, the highest first and, of equal ones, the
    last; 0 never is."""


def table_of(
    columns: Sequence[Column[T]], rows: Iterable[T], width: int | None, gap: int = GAP
) -> Table:
    """A table of objects.

    Args:
        columns: what is shown of each.
        rows: the objects.
        width: how many cells there are; None for as many as it needs.
        gap: cells between two columns.
    """
    cells = [[column.cell(row) for column in columns] for row in rows]
    return laid_out(columns, cells, width, gap)


def laid_out(
    columns: Sequence[Column[T]],
    cells: Iterable[Sequence[str | Text]],
    width: int | None,
    gap: int = GAP,
) -> Table:
    """The same of cells that are made already, row by row."""
    rows = [[Text(c) if isinstance(c, str) else c for c in row] for row in cells]
    every = [_Laid(column, [row[i] for row in rows]) for i, column in enumerate(columns)]
    shown = [each for each in every if not each.is_empty]
    if width is not None:
        shown = _fitted(shown, width, gap)
    total = sum(each.width for each in shown) + gap * (len(shown) - 1)
    table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), width=max(total, 1))
    for each in shown:
        table.add_column(
            each.column.title,
            justify="right" if each.column.right else "left",
            no_wrap=not each.column.wraps,
            width=each.width,
        )
    for row in zip(*(each.texts for each in shown), strict=True):
        table.add_row(*row)
    return table


class _Laid(Generic[T]):
    """A column, its texts and how wide it is to be."""

    def __init__(self, column: Column[T], texts: list[Text]) -> None:
        self.column, self._texts = column, texts
        longest = max((text.cell_len for text in texts), default=0)
        self.natural = max(longest, len(column.title))
        self.width = self.least = self.natural
        self._cut: Cut = without_front
        if column.is_name:
            self._cut, room = cut_of({text.plain for text in texts})
            self.least = min(max(room, LEGIBLE), self.natural)
        elif column.wraps:
            self.least = min(self.natural, LEGIBLE)

    @property
    def is_empty(self) -> bool:
        return bool(self._texts) and not any(text.plain for text in self._texts)

    @property
    def texts(self) -> list[Text]:
        if not self.column.is_name:
            return self._texts
        return [Text(self._cut(t.plain, self.width), t.style) for t in self._texts]


def _fitted(shown: list[_Laid[T]], width: int, gap: int) -> list[_Laid[T]]:
    """The columns that there is room for, each as wide as it may be."""
    shown = list(shown)

    def spare() -> int:
        return width - sum(each.least for each in shown) - gap * (len(shown) - 1)

    while spare() < 0:
        most = max(reversed(shown), key=lambda each: each.column.dispensable)
        if not most.column.dispensable:
            break
        shown.remove(most)
    names = [each for each in shown if each.column.is_name]
    texts = [each for each in shown if each.column.wraps]
    for each in shown:
        each.width = each.least
    if spare() < 0:
        _squeeze([*names, *texts], -spare())
        return shown
    room = spare()
    for place, each in enumerate([*names, *texts]):
        fair = room // max(len(names) - place, 1)
        added = min(each.natural - each.least, fair)
        each.width += added
        room -= added
    return shown


def _squeeze(yielding: list[_Laid[T]], excess: int) -> None:
    """Names may look alike before numbers are pushed over the edge."""
    for place, each in enumerate(yielding):
        share = -(-excess // (len(yielding) - place))
        taken = max(min(each.width - SHORTEST, share), 0)
        each.width -= taken
        excess -= taken
