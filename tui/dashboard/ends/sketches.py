"""A value drawn in few cells: a waveform, a map in shades, or its numbers."""

import math
from collections.abc import Sequence

from rich.style import Style
from rich.text import Text

from debug.protocol.survey import Axis, Band
from tui import words
from tui.dashboard.values.error_map import DARK, LIGHT, SHADES
from tui.dashboard.values.place import measured

LABEL = 13
"""Cells for what stands to the left of a drawing."""
HALVES = " ▄▀█"
"""By whether the lower and the upper half of a cell are filled."""
NO_NUMBER = "!"


def waveform(band: Band, height: int) -> list[Text]:
    """The range of a row of values in each column, about zero if it has both signs.

    Args:
        band: of one row.
        height: lines.
    """
    [low], [high] = band.low, band.high
    known = [abs(cell) for cell in (*low, *high) if cell is not None]
    largest = max(known, default=0.0) or 1.0
    floor = -largest if any(cell is not None and cell < 0 for cell in low) else 0.0
    lines = [Text() for _ in range(height)]

    def half(value: float) -> int:
        """Which half line from below a value is in."""
        return min(int((value - floor) / (largest - floor) * height * 2), height * 2 - 1)

    for bottom, top in zip(low, high, strict=True):
        for line, text in enumerate(reversed(lines)):
            if bottom is None or top is None:
                text.append(NO_NUMBER, "bold reverse")
                continue
            first, last = half(bottom), half(top)
            filled = [first <= 2 * line + part <= last for part in (0, 1)]
            text.append(HALVES[filled[0] + 2 * filled[1]])
    names = [words.number(largest, 2), *[""] * (height - 2), words.number(floor, 2)]
    return beside(names[:height] if height > 1 else names[:1], lines)


def shaded(band: Band, axes: Sequence[Axis], dark: bool) -> list[Text]:
    """A map of the largest value in each cell; over time it grows upwards, as a plot."""
    rows = band.high
    known = [cell for row in rows for cell in row if cell is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    ramp = DARK if dark else LIGHT
    lines = []
    for row in rows:
        line = Text()
        for cell in row:
            if cell is None:
                line.append(NO_NUMBER, "bold reverse")
                continue
            share = (cell - low) / (high - low) if high > low else 0.0
            step = min(int(share * (len(SHADES) + 1)), len(SHADES))
            shade = SHADES[step - 1] if step else " "
            line.append(shade, Style(color=ramp[max(step - 1, 0)]))
        lines.append(line)
    down, across = axes
    names = [place_on(down, 0), *[""] * (len(lines) - 2), place_on(down, down.size - 1)]
    if across.unit:
        lines.reverse()
        names.reverse()
    return beside(names[: len(lines)], lines)


def numbers(band: Band) -> list[Text]:
    """Whole numbers, such as tokens, a line for each row of them."""
    return [Text(" ".join(map(_spelled, row))) for row in band.high]


def _spelled(cell: float | None) -> str:
    return "NaN" if cell is None else words.number(cell, 6)


def beside(names: Sequence[str], lines: Sequence[Text]) -> list[Text]:
    """Lines with what they are called to their left."""
    return [
        Text().append(f"{name[: LABEL - 1]:<{LABEL}}", "dim").append_text(line)
        for name, line in zip(names, lines, strict=True)
    ]


def place_on(axis: Axis, at: int) -> str:
    return measured(axis, at) or f"{axis.name} {at}"


def scale(axis: Axis, width: int) -> Text:
    """The ends of the axis that goes across."""
    left, right = place_on(axis, 0), place_on(axis, axis.size - 1)
    middle = place_on(axis, axis.size // 2)
    line = f"{left}{middle:^{max(width - len(left + right), 0)}}{right}"
    return Text(" " * LABEL + line, "dim")


RISING = " ▁▂▃▄▅▆▇█"
LEAST_DECADES = 2


def profile(errors: Sequence[float | None], width: int, height: int) -> list[Text]:
    """Errors along an axis as columns, on a log scale of whole decades.

    Args:
        errors: relative, along the axis.
        width: cells that the axis has.
        height: lines.
    """
    known = [math.log10(each) for each in errors if each]
    high = math.ceil(max(known, default=0.0))
    low = min(math.floor(min(known, default=0.0)), high - LEAST_DECADES)
    lines = [Text() for _ in range(height)]
    for column in range(width):
        error = errors[column * len(errors) // width]
        for line, text in enumerate(reversed(lines)):
            if error is None:
                text.append(NO_NUMBER, "bold reverse")
                continue
            share = (math.log10(error) - low) / (high - low) if error > 0 else 0.0
            eighths = round(share * height * 8) - line * 8
            text.append(RISING[min(max(eighths, 0), 8)])
    names = [f"1e{high}", *[""] * (height - 2), f"1e{low}"]
    return beside(names[:height] if height > 1 else names[:1], lines)
