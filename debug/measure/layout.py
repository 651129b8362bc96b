"""The same numbers in another layout: axes in another order, of size 1, or joined.

PyTorch has channels before frames where a port has them last; a port may leave out the
batch, or join batch and positions into one axis. Example: (1, 384, 1500) may be
(1, 1500, 384), (1500, 384), or, with a batch of 2, (3000, 384). None of that is an error,
so a value is brought into the layout that it is compared in.
"""

from collections.abc import Sequence
from itertools import permutations

from torch import Tensor

MOST_AXES = 5
"""Of more, the orders are too many to be tried."""

Axes = tuple[int, ...]


def laid_out(value: Tensor, shape: Sequence[int], *preferred: Axes | None) -> Tensor:
    """The value in a shape, if there is a way to bring it there; else as it is.

    Args:
        value: in any layout.
        shape: the one that is wanted.
        preferred: permutations to be tried before all others.
    """
    wanted = list(shape)
    if list(value.shape) == wanted:
        return value
    for axes in preferred:
        if axes is not None and len(axes) == value.ndim:
            permuted = value.permute(axes)
            if list(permuted.shape) == wanted:
                return permuted
    if is_flattened(value.shape, wanted):
        return value.reshape(wanted)
    orders = permutations_between(value.shape, wanted)
    if len(orders) > 1:  # a square image: channels move, height and width keep their order
        orders = [order for order in orders if _moves_one(order)]
    return value.permute(orders[0]) if len(orders) == 1 else value


def _moves_one(axes: Axes) -> bool:
    """Whether all but one axis keep their order."""
    rest = ([a for a in axes if a != moved] for moved in axes)
    return any(order == sorted(order) for order in rest)


def is_flattened(one: Sequence[int], other: Sequence[int]) -> bool:
    """Whether two shapes differ by axes of size 1, or by leading axes that are joined."""
    a, b = ([size for size in each if size != 1] for each in (one, other))
    if a == b:
        return True
    few, many = sorted((a, b), key=len)
    joined = len(many) - len(few)
    if not few or not joined:
        return False
    product = 1
    for size in many[: joined + 1]:
        product *= size
    return [product, *many[joined + 1 :]] == few


def permutations_between(one: Sequence[int], other: Sequence[int]) -> list[Axes]:
    """The permutations that bring one shape into another."""
    if len(one) != len(other) or sorted(one) != sorted(other) or len(one) > MOST_AXES:
        return []
    axes = permutations(range(len(one)))
    return [each for each in axes if [one[axis] for axis in each] == list(other)]


def is_merged(many: Sequence[int], few: Sequence[int]) -> bool:
    """Whether neighbouring axes of one shape are joined in the other."""
    sizes = iter(many)
    for wanted in few:
        product = 1
        while product < wanted:
            product *= next(sizes, wanted + 1)
        if product != wanted:
            return False
    return all(size == 1 for size in sizes)
