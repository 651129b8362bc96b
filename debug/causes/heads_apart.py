"""What the candidate computes one head at a time, seen as the whole that the reference has.

PyTorch computes attention in all heads at once: a query of (heads, frames, channels), and
scores of (heads, queries, keys). A port may slice the channels and loop, and then none of
its values is one of the reference's: each is the part of one head. The operations of such a
loop come from one line, with one shape, once for each head. Stacked in their order they are
the whole, and are looked for like any other value. A part is right where its whole is, or
where it is one of PyTorch's heads itself, which the others may not be.

The same holds for whatever else is computed slice by slice along an axis, as each example
of a batch.
"""

from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor

from debug.candidate.operations import Operation, OperationIndex
from debug.measure.layout import without_ones
from debug.measure.matching import Sought, norm_of

LEAST_AXES = 3
"""Of a whole: a vector of numbers that were computed one by one is no such loop."""

MOST_PARTS = 64
"""Frames are no parts, nor are channels."""

Sizes = tuple[int, ...]


def sizes_of(value: Tensor) -> Sizes:
    """In ascending order, without axes of one: the same whatever order they are in."""
    return tuple(sorted(without_ones(value.shape)))


def wholes(operations: Sequence[Operation], shapes: Iterable[Sizes]) -> list[Operation]:
    """The values that loops make part by part, to be placed after all operations.

    Args:
        operations: of the candidate, in order.
        shapes: of the reference's values, without axes of one.
    """
    parts_in = _parts_in(shapes)
    found: list[Operation] = []
    known: dict[tuple[int, ...], OperationIndex] = {}
    for loop in _loops(operations):
        sizes = sizes_of(operations[loop[0]].value)
        for count in sorted(parts_in.get(sizes, ())):
            if len(loop) % count:
                continue
            each = len(loop) // count
            for first in range(each):
                parts = loop[first::each]
                known[tuple(parts)] = OperationIndex(len(operations) + len(found))
                found.append(_whole(operations, parts, known))
    return found


def parts(sought: Sought) -> Iterator[tuple[int, Sought]]:
    """Each head of a value, or each example of a batch, as something to look for, with its
    number."""
    sizes = sought.value.shape
    for axis in range(len(sizes) - 2):
        if sizes[axis] > MOST_PARTS:
            continue
        for number, part in enumerate(sought.value.unbind(axis)):
            label = f"{number} of axis {axis} of {sought.label}"
            yield number, Sought(label, part, norm_of(part), sought.floor)


def _parts_in(shapes: Iterable[Sizes]) -> dict[Sizes, set[int]]:
    """How many parts of a shape, its sizes in ascending order, a value has along an axis
    before its last two."""
    found: dict[Sizes, set[int]] = {}
    for shape in shapes:
        if len(shape) < LEAST_AXES:
            continue
        for axis in range(len(shape) - 2):
            rest = tuple(sorted((*shape[:axis], *shape[axis + 1 :])))
            found.setdefault(rest, set()).add(shape[axis])
    return found


def _loops(operations: Sequence[Operation]) -> Iterator[list[int]]:
    """The operations of one name, line and shape, where there are several."""
    loops: dict[tuple, list[int]] = {}
    for index, op in enumerate(operations):
        if op.place is not None:
            loops.setdefault((op.name, op.place, op.value.shape), []).append(index)
    return (loop for loop in loops.values() if len(loop) > 1)


def _whole(
    operations: Sequence[Operation],
    parts: Sequence[int],
    known: dict[tuple[int, ...], OperationIndex],
) -> Operation:
    made = [operations[index] for index in parts]
    used = list(zip(*(op.operands for op in made), strict=False))
    shared = (each[0] for each in used if len(set(each)) == 1)
    return Operation(
        made[0].name,
        made[0].place,
        (*(known[each] for each in used if each in known), *shared),
        torch.stack([op.value.squeeze() for op in made]),
        any(op.from_input for op in made),
        parts=tuple(OperationIndex(index) for index in parts),
    )
