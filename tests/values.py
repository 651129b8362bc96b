"""What a scripted engine says of the values of a layer: (2, 1500, 384), off by 1 in one
place and by 0.001 in one channel."""

from debug.protocol.messages import Event
from debug.protocol.survey import (
    Axis,
    Band,
    Cut,
    ErrorMapped,
    Excerpt,
    Excerpted,
    Histogram,
    Locate,
    Located,
    Look,
    MapError,
    Number,
    Quantile,
    Region,
    Sketch,
    Sketched,
    Survey,
    Surveyed,
    WorstSlice,
    WorstSlices,
)

AXES = [Axis("axis 0", 2), Axis("frame", 1500, 0.02, "s"), Axis("channel", 384)]
WORST = [0, 299, 111]
CHANNEL = 7


def off_by(at: list[int]) -> float:
    if at == WORST:
        return 1.0
    return 0.001 if at[2] == CHANNEL else 1e-8


BOTH = [
    [max(40 - 9 * abs(row - 1 - column), 0) for column in range(48)] for row in range(48)
]
"""How often values occur together: about the diagonal, MAX's one step higher."""


def located(generation: int, index: int, alone: bool) -> Located:
    return Located(generation, index, alone, AXES, WORST, 0.5, 3e-7)


def sketched(generation: int, ask: Sketch) -> Sketched:
    def band(factor: float) -> Band:
        high = [[factor * (n % 9 + 1) for n in range(ask.width)] for _ in range(ask.height)]
        return Band([[-cell for cell in row] for row in high], high)  # type: ignore

    return Sketched(generation, ask.index, AXES[1:], band(1.0), band(1.0))


def surveyed(generation: int, index: int, alone: bool) -> Surveyed:
    slices = [
        WorstSlices("frame", 1, [WorstSlice(299, 900.0, 0.01, WORST)]),
        WorstSlices("channel", 2, [WorstSlice(CHANNEL, 50.0, 0.001, [1, 20, CHANNEL])]),
    ]
    counts = [2 ** min(n, 47 - n) for n in range(48)]
    return Surveyed(
        *(generation, index, alone),
        Histogram(-4.0, 5.0, counts, counts[::-1], BOTH),
        [Quantile(0.5, 1e-8), Quantile(0.99, 1e-8), Quantile(0.999, 0.001), Quantile(1, 1)],
        *(1.0002, -3e-6, slices),
    )


def excerpted(generation: int, index: int, alone: bool, cut: Cut) -> Excerpted:
    down, across = cut.axes
    sizes = [axis.size for axis in AXES]
    height, width = min(cut.height, sizes[down]), min(cut.width, sizes[across])
    top = max(min(cut.at[down] - height // 2, sizes[down] - height), 0)
    left = max(min(cut.at[across] - width // 2, sizes[across] - width), 0)
    theirs: list[list[Number]] = []
    ours: list[list[Number]] = []
    difference: list[list[Number]] = []
    for row in range(top, top + height):
        at, errors = list(cut.at), []
        for column in range(left, left + width):
            at[down], at[across] = row, column
            errors.append(off_by(at))
        theirs.append([float(row)] * width)
        ours.append([row + error for error in errors])
        difference.append([*errors])
    about = generation, index, alone, cut, top, left
    return Excerpted(*about, theirs, ours, difference)


def mapped(generation: int, ask: MapError) -> ErrorMapped:
    down, across = ask.axes
    region = ask.region or Region(0, 0, AXES[down].size, AXES[across].size)
    rows = min(ask.height, region.bottom - region.top)
    columns = min(ask.width, region.right - region.left)
    cells: list[list[float | None]] = [[1e-7] * columns for _ in range(rows)]
    row = (WORST[down] - region.top) * rows // (region.bottom - region.top)
    column = (WORST[across] - region.left) * columns // (region.right - region.left)
    if 0 <= row < rows and 0 <= column < columns:
        cells[row][column] = 2.0
    return ErrorMapped(generation, ask.index, ask.alone, ask.axes, region, cells)


def answer(generation: int, ask: Look) -> Event:
    match ask:
        case Excerpt():
            return excerpted(generation, ask.index, ask.alone, ask.cut)
        case MapError():
            return mapped(generation, ask)
        case Sketch():
            return sketched(generation, ask)
        case Locate():
            return located(generation, ask.index, ask.alone)
        case Survey():
            return surveyed(generation, ask.index, ask.alone)
