"""The same numbers in another layout: axes in another order, of size 1, joined or parted.

PyTorch has channels before frames where a port has them last; a port may leave out the
batch, join batch and positions, or keep an image's height and width apart where PyTorch has
one axis of positions. Example: (2, 64, 16) may be (2, 8, 8, 16), (128, 16), (2, 16, 64) or
(2, 16, 8, 8). None of that is an error, so a value is brought into the layout that it is
compared in.

Only one axis changes its place among the others, such as the channels. A map whose height
and width were exchanged is wrong, and so is one that was reshaped where its axes had to be
exchanged.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, permutations

import torch
from torch import Tensor

MOST_AXES = 5
"""Of more, the orders are too many to be tried."""

IMAGE = 4
"""The axes of images: batch, channels, rows and columns."""

Axes = tuple[int, ...]


@dataclass(frozen=True)
class Layout:
    """A way from one shape to another: parted, permuted, then joined."""

    parts: tuple[int, ...]
    axes: Axes
    shape: tuple[int, ...]

    @property
    def keeps_order(self) -> bool:
        """Whether every number stays where it is."""
        return self.axes == tuple(range(len(self.axes)))

    def of(self, value: Tensor) -> Tensor:
        return value.reshape(self.parts).permute(self.axes).reshape(self.shape)


def layouts(given: Sequence[int], wanted: Sequence[int]) -> list[Layout]:
    """Every way that may be meant from one shape to another, the likeliest first."""
    if list(given) == list(wanted):
        return [_kept(given, wanted)]
    if math.prod(given) != math.prod(wanted):
        return []
    few, many = sorted((_long(given), _long(wanted)), key=len)
    found: list[Layout] = []
    if len(few) == len(many):
        orders = permutations_between(_long(given), _long(wanted))
        if len(orders) > 1:  # a square image: channels move, height and width stay in order
            orders = [order for order in orders if _moves_one(order)]
        found = [Layout(tuple(_long(given)), axes, tuple(wanted)) for axes in orders]
    else:
        for axes in _orders_that_move_one(len(many)):
            parts = tuple(many[axis] for axis in axes)
            if not _joins_in_order(axes, parts, few):
                continue
            if many == _long(given):
                found.append(Layout(tuple(many), axes, tuple(wanted)))
            else:
                back = tuple(axes.index(axis) for axis in range(len(axes)))
                found.append(Layout(parts, back, tuple(wanted)))
    if not found and is_regrouped(given, wanted):
        return [_kept(given, wanted)]
    return sorted(found, key=lambda each: not each.keeps_order)


def _kept(given: Sequence[int], wanted: Sequence[int]) -> Layout:
    return Layout(tuple(given), tuple(range(len(given))), tuple(wanted))


def _long(shape: Sequence[int]) -> list[int]:
    return [size for size in shape if size != 1]


def laid_out(value: Tensor, shape: Sequence[int], *preferred: Axes | None) -> Tensor:
    """The value in a shape, if there is one way to bring it there; else as it is. Numbers
    that can stay in their order do.

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
    found = layouts(value.shape, wanted)
    is_clear = found and (len(found) == 1 or found[0].keeps_order)
    return found[0].of(value) if is_clear else value


def nearest(value: Tensor, exact: Tensor) -> Tensor:
    """The value in the shape of another. Where there are several ways, the numbers say
    which: the one that comes nearest. Where there is none, as it is."""
    if value.shape == exact.shape:
        return value
    found = [each.of(value) for each in layouts(value.shape, exact.shape)]
    return closest(found, exact) if found else value


def closest(found: Sequence[Tensor], exact: Tensor) -> Tensor:
    """Of a value in several layouts the one that comes nearest to another value."""
    if len(found) == 1:
        return found[0]

    def apart(laid: Tensor) -> float:
        error = torch.nan_to_num(laid.double() - exact.double())
        return error.norm().item()

    return min(found, key=apart)


def channels_elsewhere(shape: Sequence[int], known: Sequence[Axes]) -> Axes | None:
    """How images of as many channels as rows and columns are laid out on the other side,
    where that is known of other images.

    Args:
        shape: the same on both sides.
        known: what brings others into the other side's layout.
    """
    orders = (axes for axes in known if len(axes) == len(shape) == IMAGE)
    same = (axes for axes in orders if [shape[axis] for axis in axes] == list(shape))
    return next(same, None)


def _orders_that_move_one(count: int) -> Iterator[Axes]:
    """The permutations in which all axes but one keep their order, the identity first."""
    order = tuple(range(count))
    seen = {order: None}
    for moved in order:
        rest = [axis for axis in order if axis != moved]
        for place in order:
            seen[(*rest[:place], moved, *rest[place:])] = None
    yield from seen


def _moves_one(axes: Axes) -> bool:
    """Whether all but one axis keep their order."""
    rest = ([a for a in axes if a != moved] for moved in axes)
    return any(order == sorted(order) for order in rest)


def is_flattened(one: Sequence[int], other: Sequence[int]) -> bool:
    """Whether two shapes differ by axes of size 1, or by leading axes that are joined."""
    a, b = _long(one), _long(other)
    if a == b:
        return True
    few, many = sorted((a, b), key=len)
    joined = len(many) - len(few)
    if not few or not joined:
        return False
    return [math.prod(many[: joined + 1]), *many[joined + 1 :]] == few


def is_regrouped(one: Sequence[int], other: Sequence[int]) -> bool:
    """Whether axes are joined and parted and no number changes its place, as between
    (8, 16, 24) and (2, 64, 24): both are made of (2, 4, 16, 24). The last axis is not
    joined with a part of another: an image of (4, 8, 8) is no 16 patches of 16."""
    cuts = sorted({*_strides(one), *_strides(other)})
    same = math.prod(one) == math.prod(other)
    whole = _keeps_last(one, other) and _keeps_last(other, one)
    return same and whole and all(b % a == 0 for a, b in pairwise(cuts))


def _keeps_last(one: Sequence[int], other: Sequence[int]) -> bool:
    """Whether the last axis is one of another shape, several of them, or a part of its
    last."""
    if not one or not other:
        return True
    return one[-1] in _strides(other) or (one[-1] > 0 and other[-1] % one[-1] == 0)


def _strides(shape: Sequence[int]) -> list[int]:
    found = [1]
    for size in reversed(shape):
        found.append(found[-1] * size)
    return found if 0 not in shape else [1]


def permutations_between(one: Sequence[int], other: Sequence[int]) -> list[Axes]:
    """The permutations that bring one shape into another."""
    if len(one) != len(other) or sorted(one) != sorted(other) or len(one) > MOST_AXES:
        return []
    axes = permutations(range(len(one)))
    return [each for each in axes if [one[axis] for axis in each] == list(other)]


def _joins_in_order(axes: Axes, parts: Sequence[int], few: Sequence[int]) -> bool:
    """Whether neighbouring parts are joined to a shape, and those that are joined are in
    the order in which they were."""
    left = list(zip(axes, parts, strict=True))
    for size in few:
        joined = [left.pop(0)] if left else []
        while left and math.prod(part for _, part in joined) < size:
            joined.append(left.pop(0))
        if math.prod(part for _, part in joined) != size or joined != sorted(joined):
            return False
    return not left


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
