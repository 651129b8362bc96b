"""A logarithmic scale on the rows of a terminal, with even ticks.

Errors span many decades and a pane has few rows. So a tick is a whole number of decades
from the next, and as many whole rows: the largest such scale that the rows have room for.
A tick lies in the middle of its row, where a label is read and a ``─`` is drawn ::

    1e-4 ┤          9 rows, decades -7 to -4: two rows each
         │
    1e-5 ┤
"""

import math
from dataclasses import dataclass

MOST_DECADES = 4
"""Between two ticks, where there is room for more ticks."""


@dataclass(frozen=True)
class LogScale:
    low: int
    """The decade in the middle of the lowest row."""
    decades: int
    """From one tick to the next."""
    rows: int
    """The same, in rows."""
    height: int
    """Of all rows."""

    @classmethod
    def fitting(cls, low: int, high: int, height: int) -> "LogScale":
        """The largest scale from one decade to another, in two rows at least."""
        span, room = max(high - low, 1), max(height - 1, 1)
        choices = [
            (decades, room // math.ceil(span / decades))
            for decades in range(1, MOST_DECADES + 1)
        ]
        decades, rows = max(choices, key=lambda each: each[1] / each[0])
        if not rows:
            decades, rows = math.ceil(span / room), 1
        return cls(low, decades, rows, height)

    def height_of(self, size: float) -> float:
        """Rows from the lower edge up to a size, within the scale; 0 for none at all."""
        if size <= 0:
            return 0.0
        rows = (math.log10(size) - self.low) * self.rows / self.decades + 0.5
        return min(max(rows, 0.0), float(self.height))

    def row_of(self, size: float) -> tuple[int, float]:
        """The row that a size is in, from below, and where in it, from 0 to 1."""
        height = self.height_of(size)
        row = min(int(height), self.height - 1)
        return row, height - row

    def tick(self, row: int) -> int | None:
        """The decade in the middle of a row, counted from below, if there is a tick."""
        return self.low + row // self.rows * self.decades if row % self.rows == 0 else None
