"""What a person is shown of a layer's values: excerpts, maps and summaries, on request.

No tensor crosses the pipe. A survey sums up all values of a layer; an excerpt has the
numbers around one element, and a map the error over two axes in as many cells as the
screen has.
"""

import msgspec

from debug.protocol.message import Message

Number = float | str
"""A number, or the name of one that JSON lacks: ``nan``, ``inf`` or ``-inf``."""


class Axis(msgspec.Struct, frozen=True):
    """One axis of a layer's value."""

    name: str
    """What one place of it is called, such as a frame."""
    size: int
    step: float | None = None
    """How much of ``unit`` lies between two places, where that is known."""
    unit: str = ""


class Histogram(msgspec.Struct, frozen=True):
    """How often values occur on both sides, in steps of one size on one range."""

    low: float
    high: float
    reference: list[int]
    candidate: list[int]


class Quantile(msgspec.Struct, frozen=True):
    """The error that a share of the values does not exceed."""

    share: float
    """From 0 to 1; 1 is the largest error."""
    error: float


class WorstSlice(msgspec.Struct, frozen=True):
    """A channel, row or head, with the element of it that is off by most."""

    index: int
    ratio: float | None
    rel_l2: float | None
    at: list[int]


class WorstSlices(msgspec.Struct, frozen=True):
    """The slices of one kind with the largest ratios, the worst first."""

    name: str
    """What one of them is called."""
    axis: int
    slices: list[WorstSlice]


class Cut(msgspec.Struct, frozen=True):
    """Two axes of a value, and the part of them that is asked for."""

    axes: tuple[int, int]
    """The one that goes down, and the one that goes across."""
    at: list[int]
    """The element in the middle, one index an axis."""
    height: int
    """Places or cells down, at most."""
    width: int


class Region(msgspec.Struct, frozen=True):
    """A rectangle of two axes: from ``top`` and ``left`` up to before ``bottom`` and
    ``right``."""

    top: int
    left: int
    bottom: int
    right: int


# -- What the screen asks ------------------------------------------------------------


class Survey(Message, frozen=True):
    """Sum up all values of a layer."""

    index: int
    alone: bool = False
    """With the layer on the reference's own input."""


class Excerpt(Message, frozen=True):
    """Show the numbers of both sides around one element of a layer."""

    index: int
    alone: bool
    cut: Cut


class MapError(Message, frozen=True):
    """Show the error of a layer over two axes."""

    index: int
    alone: bool
    axes: tuple[int, int]
    height: int
    width: int
    region: Region | None = None
    """None for all of it."""


Look = Survey | Excerpt | MapError
"""The questions about a layer's values."""


# -- What the engine answers ---------------------------------------------------------


class Surveyed(Message, frozen=True):
    """All values of a layer, summed up. Errors are the difference to the reference."""

    generation: int
    index: int
    alone: bool
    axes: list[Axis]
    worst: list[int]
    """The element with the largest error, or the first that is NaN or Inf on one side."""
    typical: float
    """The root mean square of the reference's values."""
    floor: float
    """Of the layer: PyTorch's own relative rounding."""
    histogram: Histogram
    quantiles: list[Quantile]
    slope: float | None
    """Of the line through the candidate's values over the reference's."""
    intercept: float | None
    slices: list[WorstSlices]


class Excerpted(Message, frozen=True):
    """The numbers of both sides, as rows; the first number is at ``top``, ``left``."""

    generation: int
    index: int
    alone: bool
    cut: Cut
    top: int
    left: int
    reference: list[list[Number]]
    candidate: list[list[Number]]
    difference: list[list[Number]]


class ErrorMapped(Message, frozen=True):
    """The largest error in each cell of a map, relative to a typical value of the layer."""

    generation: int
    index: int
    alone: bool
    axes: tuple[int, int]
    region: Region
    cells: list[list[float | None]]
    """None where there is NaN or Inf."""


Answer = Surveyed | Excerpted | ErrorMapped
