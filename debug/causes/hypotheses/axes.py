"""What a person calls the axes of a value: heads, frames, channels, queries and keys.

A value has its axes in the reference's order; axes of one are left out, as they are
wherever values are compared. What an axis is follows from its size and its place: the last
axis of three is the channels, the one with as many places as the layer's input has rows is
the rows, and where the last two have the size of the rows each, a query meets a key. An
axis of which nothing is known goes by its number.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

SHOWN = 4
"""That many places are listed."""


@dataclass(frozen=True)
class Axis:
    number: int
    """Among those that are not of one."""
    name: str | None = None
    """In the singular; None if it is not known."""

    @property
    def all(self) -> str:
        """With its verb: "the heads are", "axis 0 is"."""
        return (
            f"axis {self.number} of {{it}} is"
            if self.name is None
            else (f"the {plural(self.name)} of {{it}} are")
        )

    def at(self, places: Sequence[int]) -> str:
        """Some places of it: "head 1", "frames 225 to 299", "4 of axis 0"."""
        ordered = list(places)
        first, last = ordered[0], ordered[-1]
        if len(ordered) == 1:
            text = f"{first}"
        elif ordered == list(range(first, last + 1)):
            text = f"{first} to {last}"
        else:
            shown = ", ".join(map(str, ordered[:SHOWN]))
            text = shown + (", ..." if len(ordered) > SHOWN else "")
        if self.name is None:
            return f"{text} of axis {self.number}"
        return f"{self.name if len(ordered) == 1 else plural(self.name)} {text}"

    def verb(self, places: Sequence[int]) -> str:
        return "is" if len(places) == 1 or self.name is None else "are"


Axes = Sequence[Axis]


def plural(name: str) -> str:
    return {"query": "queries", "batch": "batches"}.get(name, f"{name}s")


def unnamed(rank: int) -> Axes:
    return [Axis(number) for number in range(rank)]


def axes_of(
    value: Tensor, rows: int | None, row: str, image: Sequence[int] | None = None
) -> Axes:
    """The axes of a value of the reference, without those of one.

    Args:
        value: as the reference has it.
        rows: how many frames, tokens or positions the layer's input has, if that is known.
        row: what one of them is called.
        image: height and width, where the layer makes images.
    """
    if not value.is_floating_point() and value.ndim in (1, 2):  # ids and positions
        names = ["batch", row][-value.ndim :]
    elif image is not None and value.ndim == 4 and value.shape[-2:] == (*image,):
        names = ["batch", "channel", "image row", "column"]
    else:
        names = _names(list(value.shape), rows, row)
    kept = [name for name, size in zip(names, value.shape, strict=True) if size != 1]
    return [Axis(number, name) for number, name in enumerate(kept)]


def _names(sizes: list[int], rows: int | None, row: str) -> list[str | None]:
    rank = len(sizes)
    if rank == 1:
        return ["channel"]
    if rank == 2:
        return [row if rows in (None, sizes[0]) else None, "channel"]
    if rank == 3:
        last_is_row = sizes[2] == rows and sizes[1] != rows
        return ["batch", "channel", row] if last_is_row else ["batch", row, "channel"]
    if rank != 4 or rows is None:
        return [None] * rank
    if sizes[2] == sizes[3] == rows:
        return ["batch", "head", "query", "key"]
    if sizes[2] == rows:
        return ["batch", "head", row, "channel"]
    if sizes[3] == rows:
        return ["batch", "head", "channel", row]
    return ["batch", row, "head", "channel"] if sizes[1] == rows else [None] * rank
