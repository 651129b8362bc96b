"""How the screen is divided: which panes there are, and how large a person made them.

The layers stand on the left, the others beside and below them. Where there is not room for
all, the layers and one other are shown, and a line of tabs says what else there is; in less
than `SLIM_BELOW` columns it is one pane at a time.
"""

from dataclasses import dataclass, replace

SLIM_BELOW, NORMAL_FROM, WIDE_FROM = 72, 110, 150
"""Columns of the terminal: below the first one pane, from the second on all."""
SHORT_FROM, MEDIUM_FROM, TALL_FROM = 18, 32, 46
"""Rows of the terminal."""
WIDTHS = [(0, "-tiny"), (60, "-slim"), (SLIM_BELOW, "-narrow")]
WIDTHS += [(NORMAL_FROM, "-normal"), (WIDE_FROM, "-wide")]
HEIGHTS = [
    (0, "-tiny"),
    (SHORT_FROM, "-short"),
    (MEDIUM_FROM, "-medium"),
    (TALL_FROM, "-tall"),
]

LAYERS = "layers"
SIDE_PANES = ("statistics", "chart", "source", "log")
"""Those of which one is beside the layers where there is little room."""
PANES = (LAYERS, *SIDE_PANES)

LEAST, LEAST_HIGH = 24, 4
"""Cells that are left to a pane, across and down."""


@dataclass(frozen=True)
class PaneSizes:
    """In cells; None for what the size of the terminal decides."""

    left: int | None = None
    """The width of the layers."""
    top: int | None = None
    """The height of the statistics."""
    bottom: int | None = None
    """The height of the chart and the log."""


@dataclass(frozen=True)
class Division:
    """The sizes that are in force."""

    left: int
    top: int
    bottom: int


def has_all(width: int, height: int) -> bool:
    """Whether a terminal shows every pane at once."""
    return width >= NORMAL_FROM and height >= MEDIUM_FROM


def division(sizes: PaneSizes, terminal: tuple[int, int], height: int) -> Division:
    """What a person wants, as far as it leaves room to all.

    Args:
        sizes: as they were asked for.
        terminal: its columns and rows.
        height: of the panes together, in cells.
    """
    width, rows = terminal
    usual = Division(41, 16, 8)
    if width >= NORMAL_FROM:
        usual = replace(usual, left=83 if width >= WIDE_FROM else 71)
    if rows >= TALL_FROM:
        usual = replace(usual, top=18, bottom=14)
    left = _within(sizes.left or usual.left, LEAST, width - LEAST)
    bottom = _within(sizes.bottom or usual.bottom, LEAST_HIGH, height - 2 * LEAST_HIGH)
    top = _within(sizes.top or usual.top, LEAST_HIGH, height - bottom - LEAST_HIGH)
    return Division(left, top, bottom)


def _within(value: int, least: int, most: int) -> int:
    return max(min(value, most), least)
