"""Moves of more axes than the interpreter's kernels have, by private API of MAX.

MAX's interpreter moves data by kernels of five axes and refuses a sixth. A port that cuts
an image into windows has six: (batch, rows, height, columns, width, channels), of which
height and columns change places. There (batch, rows) stay together, and so do (width,
channels), so it is the same as exchanging two of four axes. Where more than five are left,
the operation is compiled alone (`debug.candidate.lone_kernels`).
"""

from collections.abc import Sequence
from math import prod

from max._interpreter_ops import data_movement_gc, gc_compile
from max.driver import Buffer

NEEDED = [(data_movement_gc, "transpose"), (data_movement_gc, "broadcast_to")]
"""What MAX must have."""
MOST_AXES = gc_compile.MAX_RANK
REPEATS = ("BroadcastToOp", "StaticBroadcastToOp")
MOVES = ("TransposeOp", *REPEATS)
"""The operations, by the names of their classes."""


def moved(op: str, given: Sequence[Buffer | None], shape: Sequence[int]) -> Buffer | None:
    """What an operation makes that moves more axes than the interpreter's kernels have;
    None of any other.

    Args:
        op: the name of its class.
        given: its operands.
        shape: its result's.

    Raises:
        NotImplementedError: more axes are left than the interpreter has.
    """
    if len(shape) <= MOST_AXES or not given or given[0] is None:
        return None
    if op == "TransposeOp" and given[1] is not None:
        return transposed(given[0], given[1].to_numpy().tolist())
    if op in REPEATS:
        return broadcast(given[0], shape)
    return None


def transposed(given: Buffer, order: Sequence[int]) -> Buffer:
    """A value with its axes in another order.

    Raises:
        NotImplementedError: more axes are moved than the interpreter has.
    """
    shape = list(given.shape)
    groups = together(shape, order)
    _refuse_more(len(groups))
    before = sorted(groups)
    sizes = [prod(shape[axis] for axis in group) for group in before]
    axes = [before.index(group) for group in groups]
    moved = data_movement_gc.transpose(given.view(given.dtype, sizes), axes, given.device)
    return moved.view(given.dtype, [shape[axis] for axis in order])


def together(shape: Sequence[int], order: Sequence[int]) -> list[list[int]]:
    """The axes of a permutation, in its order, those that stay side by side as one group;
    axes of one are nowhere, and go with their neighbours."""
    groups: list[list[int]] = []
    place = {axis: n for n, axis in enumerate(a for a in range(len(shape)) if shape[a] > 1)}
    for axis in (axis for axis in order if shape[axis] > 1):
        if groups and place[axis] == place[groups[-1][-1]] + 1:
            groups[-1].append(axis)
        else:
            groups.append([axis])
    return groups or [[0]]


def broadcast(given: Buffer, wanted: Sequence[int]) -> Buffer:
    """A value repeated along its axes of one.

    Raises:
        NotImplementedError: more axes take turns than the interpreter has.
    """
    had = [1] * (len(wanted) - len(given.shape)) + list(given.shape)
    groups: list[tuple[int, int]] = []
    for before, after in zip(had, wanted, strict=True):
        if groups and (before == after) == (groups[-1][0] == groups[-1][1]):
            groups[-1] = groups[-1][0] * before, groups[-1][1] * after
        else:
            groups.append((before, after))
    _refuse_more(len(groups))
    view = given.view(given.dtype, [before for before, _ in groups])
    repeated = data_movement_gc.broadcast_to(
        view, [after for _, after in groups], given.device
    )
    return repeated.view(given.dtype, list(wanted))


def _refuse_more(count: int) -> None:
    if count > MOST_AXES:
        raise NotImplementedError(f"the interpreter has no kernel for {count} axes")
