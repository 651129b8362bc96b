"""The numbers around one element of a layer, and its error as a map.

Both are cut out of two axes. The other axes stay at the element in an excerpt; in a map
each cell has the largest error of all that it stands for, along the others, too: no single
bad element is lost in a mean.
"""

import math
from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import adaptive_max_pool2d

from debug.measure.statistics import finite
from debug.measure.survey import Sides
from debug.protocol.survey import Band, Cut, Number, Region


@dataclass(frozen=True)
class Rows:
    """Numbers of both sides; the first is at ``top``, ``left``."""

    top: int
    left: int
    reference: list[list[Number]]
    candidate: list[list[Number]]
    difference: list[list[Number]]


def fits(cut: Cut, value: Tensor) -> bool:
    """Whether a value has these axes, and the element in the middle."""
    shape, axes = value.shape, range(value.ndim)
    return (
        len(cut.at) == value.ndim
        and all(0 <= at < size for at, size in zip(cut.at, shape, strict=True))
        and len(set(cut.axes) & set(axes)) == 2
        and min(cut.height, cut.width) > 0
    )


def excerpt(sides: Sides, cut: Cut) -> Rows:
    """The numbers around an element; at the edges as many, on its other side."""
    down, across = cut.axes
    top = _begin(cut.at[down], cut.height, sides.reference.shape[down])
    left = _begin(cut.at[across], cut.width, sides.reference.shape[across])

    def rows(value: Tensor) -> list[list[Number]]:
        place: list[int | slice] = list(cut.at)
        place[down] = slice(top, top + cut.height)
        place[across] = slice(left, left + cut.width)
        part = value[tuple(place)]
        part = part if down < across else part.T
        return [[_spelled(number) for number in row] for row in part.tolist()]

    values = sides.reference, sides.candidate, sides.difference
    return Rows(top, left, *(rows(value) for value in values))


def _begin(at: int, length: int, size: int) -> int:
    return max(min(at - length // 2, size - length), 0)


def _spelled(number: float) -> Number:
    return number if math.isfinite(number) else str(number)


def sketch(sides: Sides, height: int, width: int) -> tuple[list[int], Band, Band]:
    """The range of both sides in each cell of the last two axes longer than one.

    Returns:
        Those axes, at most two, and what each side has there.
    """
    shape = sides.reference.shape
    axes = [axis for axis, size in enumerate(shape) if size > 1][-2:] or [len(shape) - 1]
    rows = shape[axes[0]] if len(axes) > 1 else 1
    cells = min(height, rows), min(width, shape[axes[-1]])

    def band(value: Tensor) -> Band:
        planes = value.movedim(axes, list(range(-len(axes), 0)))
        planes = planes.reshape(-1, rows, shape[axes[-1]])
        low = -adaptive_max_pool2d(-planes.amin(0)[None], cells)[0]
        high = adaptive_max_pool2d(planes.amax(0)[None], cells)[0]
        return Band(_numbers(low), _numbers(high))

    return axes, band(sides.reference), band(sides.candidate)


def _numbers(cells: Tensor) -> list[list[float | None]]:
    return [[finite(cell) for cell in row] for row in cells.tolist()]


def error_map(
    sides: Sides, axes: tuple[int, int], height: int, width: int, region: Region | None
) -> tuple[Region, list[list[float | None]]]:
    """The largest error in each cell, relative to a typical value of the layer.

    Args:
        sides: of the layer.
        axes: the one that goes down, and the one that goes across.
        height: cells down, at most.
        width: cells across, at most.
        region: the part of the two axes; None for all of it.

    Returns:
        The region, and the rows of cells.
    """
    down, across = axes
    others = [axis for axis in range(sides.error.ndim) if axis not in axes]
    error = sides.error.amax(others) if others else sides.error
    error = error if down < across else error.T
    region = region or Region(0, 0, *error.shape)
    part = error[region.top : region.bottom, region.left : region.right]
    cells = min(height, part.shape[0]), min(width, part.shape[1])
    worst = adaptive_max_pool2d(part[None], cells)[0] / (sides.typical or 1.0)
    return region, _numbers(worst)
