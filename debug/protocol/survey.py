"""What a person is shown of a layer's values: excerpts, maps and summaries, on request.

No tensor crosses the pipe. Where the worst element is comes first, for a person wants its
numbers at once: an excerpt has those around one element. A map has the error over two axes
in as many cells as the screen has, a sketch the values themselves, and a survey sums up all
of them.
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
    both: list[list[int]] = []
    """How often the two occur together: a row for each step of the candidate's, the lowest
    first. NaN and Inf are left out."""


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


class Locate(Message, frozen=True):
    """Say where in a layer the worst element is, and what its axes are."""

    index: int
    alone: bool = False
    """With the layer on the reference's own input."""


class Survey(Message, frozen=True):
    """Sum up all values of a layer."""

    index: int
    alone: bool = False


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


class Sketch(Message, frozen=True):
    """Show the values of both sides over the last two axes that are longer than one."""

    index: int
    height: int
    """Cells down, at most."""
    width: int


Look = Locate | Survey | Excerpt | MapError | Sketch
"""The questions about a layer's values."""


# -- What the engine answers ---------------------------------------------------------


class Located(Message, frozen=True):
    """The worst element of a layer. Errors are the difference to the reference."""

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


class Surveyed(Message, frozen=True):
    """All values of a layer, summed up."""

    generation: int
    index: int
    alone: bool
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


class Band(msgspec.Struct, frozen=True):
    """The smallest and the largest value in each cell, as rows; None for no number."""

    low: list[list[float | None]]
    high: list[list[float | None]]


class Sketched(Message, frozen=True):
    """The values of both sides of a layer in a few cells."""

    generation: int
    index: int
    axes: list[Axis]
    """The one that goes down, if there is one, and the one that goes across."""
    reference: Band
    candidate: Band


Answer = Located | Surveyed | Excerpted | ErrorMapped | Sketched
