"""Tables whose columns are objects: a title, how it is laid out, and what a cell holds.

A table is a list of columns and a list of rows. Whoever adds a column adds one entry; no
second list of titles, alignments or cells has to keep the same order:

    COLUMNS = [
        Column("layer", lambda layer: layer.name),
        Column("R", lambda layer: words.ratio(layer.ratio), right=True),
    ]
    console.print(table_of(COLUMNS, layers))
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from rich.table import Table
from rich.text import Text

T = TypeVar("T")


@dataclass(frozen=True)
class Column(Generic[T]):
    title: str
    cell: Callable[[T], str | Text]
    right: bool = False
    """Aligned to the right, as numbers are."""
    wraps: bool = False
    """A long text may take several lines; nothing else makes room for it."""
    roomy: bool = False
    """Left out where there is little room."""


def fitting(columns: Iterable[Column[T]], roomy: bool) -> list[Column[T]]:
    return [column for column in columns if roomy or not column.roomy]


def empty_table(columns: Iterable[Column[T]]) -> Table:
    """With the titles, and no row yet."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        justify = "right" if column.right else "left"
        table.add_column(column.title, justify=justify, no_wrap=not column.wraps)
    return table


def table_of(columns: Sequence[Column[T]], rows: Iterable[T]) -> Table:
    table = empty_table(columns)
    for row in rows:
        table.add_row(*(column.cell(row) for column in columns))
    return table
