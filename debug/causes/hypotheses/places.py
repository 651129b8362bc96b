"""Another place of an axis than the one that PyTorch's code takes.

The last token instead of the first, a slice that begins one later, a roll the other way
round.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from debug.causes.hypotheses.mistake import Called, Mistake
from debug.reference.recording import Ref

Edit = Callable[[Tensor], Tensor]


def indexed(called: Called) -> Iterator[Mistake]:
    """Of ``x[:, 0]`` and ``x[:, 1:]``."""
    step = called.step
    if len(step.args) != 2:
        return
    given = step.args[1] if isinstance(step.args[1], tuple | list) else (step.args[1],)
    sizes, name = called.sizes[0], called.recording.name(step.operands[0])
    for number, axis in _axes(given, len(sizes)):
        for other, text in _other_places(given[number], sizes[axis]):
            index = (*given[:number], other, *given[number + 1 :])
            key = ("place", axis, str(other))
            said = f"{text.format(it=f'axis {axis} of {name}')}"
            yield Mistake(key, said, partial(_taken, index=index))
        if isinstance(given[number], int):
            yield from _of_all(given, number, axis, sizes[axis], name)


def selected(called: Called) -> Iterator[Mistake]:
    """Of ``x.select(1, 0)``."""
    args, sizes = called.step.args, called.sizes[0]
    if len(args) != 3 or not all(isinstance(arg, int) for arg in args[1:]):
        return
    axis, name = args[1] % len(sizes), called.recording.name(called.step.operands[0])
    for other, text in _other_places(args[2], sizes[axis]):
        index = (*[slice(None)] * axis, other)
        said = text.format(it=f"axis {axis} of {name}")
        yield Mistake(("place", axis, str(other)), said, partial(_taken, index=index))
    index = (*[slice(None)] * axis, args[2])
    yield from _of_all(index, axis, axis, sizes[axis], name)


def gathered(called: Called) -> Iterator[Mistake]:
    """Of ``x.gather(dim, index)``, as for biases by distance: distances that are counted
    the other way round, or from another place."""
    index = next((a for a in (*called.step.args[1:], *called.step.kwargs.values())
                  if isinstance(a, Ref)), None)  # fmt: skip
    if index is None:
        return
    name, places = called.recording.name(index.index), called.recording.values[index.index]
    size = called.sizes[0][-1]
    edits: dict[str, tuple[str, Edit]] = {
        "reverse": ("counts down from the last place", lambda i: size - 1 - i),
        "mirrored": (
            "counts the other way round, from the same middle",
            lambda i: (2 * (size // 2) - i).clamp(0, size - 1),
        ),
        "+1": ("is one place too far", lambda i: (i + 1).clamp(0, size - 1)),
        "-1": ("is one place short", lambda i: (i - 1).clamp(0, size - 1)),
    }
    if places.ndim > 1 and places.shape[-1] == places.shape[-2]:
        text = "is transposed: distances are counted the other way round"
        edits = {"transposed": (text, lambda i: i.mT), **edits}
    for kind, (text, edit) in edits.items():
        call = partial(_gathered, edit=edit)
        yield Mistake(("gather", kind), f"the index {name} {text}", call)


def _gathered(args: Sequence[Any], kwargs: Mapping[str, Any], edit: Edit) -> Tensor:
    given = dict(zip(("input", "dim", "index"), args, strict=False)) | dict(kwargs)
    return given["input"].gather(given["dim"], edit(given["index"]))


def _of_all(
    index: Sequence[Any], number: int, axis: int, size: int, name: str
) -> Iterator[Mistake]:
    """All places of an axis made into one, where PyTorch takes one of them."""
    one = place_name(index[number] % size, size)
    for text, function in (("mean", Tensor.mean), ("largest value", Tensor.amax)):

        def call(
            args: Sequence[Any], _: Mapping, function: Callable[..., Tensor] = function
        ) -> Tensor:
            whole = function(args[0], axis, keepdim=True)
            return whole[(*index[:number], 0, *index[number + 1 :])]

        said = f"the {text} over axis {axis} of {name} is taken instead of the {one} place"
        yield Mistake(("all places", axis, text), said, call)


def rolled(called: Called) -> Iterator[Mistake]:
    """Of ``torch.roll``: how far, and which way."""
    args = called.step.args
    if len(args) < 2:
        return
    shifts = args[1] if isinstance(args[1], tuple | list) else (args[1],)
    if not all(isinstance(shift, int) for shift in shifts):
        return
    name = called.recording.name(called.step.operands[0])
    others = {
        "the other way round": [-shift for shift in shifts],
        "one place too far": [s + (1 if s > 0 else -1) for s in shifts],
        "one place less": [s - (1 if s > 0 else -1) for s in shifts],
    }
    for text, other in others.items():
        call = partial(_rolled, shifts=other)
        yield Mistake(("roll", *other), f"{name} is rolled {text}", call)
    yield Mistake(("roll", "left out"), f"{name} is not rolled", lambda args, _: args[0])


def _taken(args: Sequence[Any], _: Mapping[str, Any], index: tuple[Any, ...]) -> Tensor:
    return args[0][index]


def _rolled(args: Sequence[Any], kwargs: Mapping, shifts: list[int]) -> Tensor:
    shifted = shifts if isinstance(args[1], tuple | list) else shifts[0]
    return torch.roll(args[0], shifted, *args[2:], **kwargs)


def _axes(given: Sequence[Any], rank: int) -> Iterator[tuple[int, int]]:
    """Which part of an index is about which axis."""
    about = [part is not None and part is not Ellipsis for part in given]
    axis = 0
    for number, part in enumerate(given):
        if part is Ellipsis:
            axis = rank - sum(about[number:])
        elif part is not None:
            if isinstance(part, slice) or (isinstance(part, int) and part is not True):
                yield number, axis
            axis += 1


def _other_places(part: Any, size: int) -> Iterator[tuple[Any, str]]:
    """Each with what is said of it, with ``{it}`` for the axis."""
    if isinstance(part, slice):
        start, stop, step = part.indices(size)
        if step != 1 or (start, stop) == (0, size):
            return
        for by in (1, -1):
            if start + by >= 0 and stop + by <= size:
                text = f"the slice of {{it}} is {start + by} to {stop + by - 1}"
                moved = slice(start + by, stop + by)
                yield moved, f"{text}, PyTorch's is {start} to {stop - 1}"
        return
    right = part % size
    for other in dict.fromkeys((0, size - 1, right + 1, right - 1)):
        if 0 <= other < size and other != right:
            taken = f"the {place_name(other, size)} place of {{it}} is taken"
            yield other, f"{taken} instead of the {place_name(right, size)}"


def place_name(number: int, size: int) -> str:
    """ "first", "2nd", "last"."""
    if number in (0, size - 1):
        return "last" if number else "first"
    ending = {1: "st", 2: "nd", 3: "rd"}.get((number + 1) % 10, "th")
    return f"{number + 1}{'th' if 10 < (number + 1) % 100 < 14 else ending}"
