"""Slices at another place: shifted, in reverse, repeated, lost, or in any other order."""

from collections.abc import Iterator
from math import prod

import torch
from torch import Tensor

from debug.causes.hypotheses.axes import Axes, Axis
from debug.causes.hypotheses.fit import LIKELY, Fit
from debug.measure.matching import reorderings

LARGEST_MATCHED_AXIS = 2048
ENOUGH = 300_000
"""This many numbers are enough to tell where slices have gone."""
EQUAL = 1e-9
"""Two slices whose cosines with a third differ by less are as near to it."""


def reordered(wrong: Tensor, right: Tensor, axes: Axes) -> Iterator[Fit]:
    """Axes that change places, and slices along one that do."""
    for order in reorderings(right.shape, right.shape):
        text = f"the axes of {{it}} are in the order {order}"
        yield Fit(text, lambda r, order=order: r.permute(order))
    for axis in axes:
        yield from moved(wrong, right, axis)


def moved(wrong: Tensor, right: Tensor, axis: Axis) -> Iterator[Fit]:
    """Slices along one axis that are at another place."""
    ours, theirs = thinned(wrong, axis.number), thinned(right, axis.number)
    for fit in _moved(ours, theirs, axis):
        if _likely(fit.transform(theirs), ours, theirs):
            yield fit


def thinned(value: Tensor, axis: int) -> Tensor:
    """Fewer numbers of every slice along an axis, which tell where it has gone."""
    for other in range(value.ndim):
        size, too_many = value.shape[other], value.numel() / ENOUGH
        if other != axis and too_many > 1:
            value = value.index_select(other, torch.arange(0, size, max(1, int(too_many))))
    return value


def _likely(supposed: Tensor, wrong: Tensor, right: Tensor) -> bool:
    error = (wrong - right).square().sum().item()
    return not error or (wrong - supposed).square().sum().item() <= (1 - LIKELY) * error


def _moved(wrong: Tensor, right: Tensor, axis: Axis) -> Iterator[Fit]:
    size, number = right.shape[axis.number], axis.number
    if not 1 < size <= LARGEST_MATCHED_AXIS:
        return
    for by in (1, -1, 2, -2):
        text = f"{axis.all} shifted by {by:+d}"
        yield Fit(text, lambda r, by=by: shifted(r, by, number))
    if size % 2 == 0 and size > 2:
        every = axis.all.removesuffix(" are").removesuffix(" is")
        text = f"the halves of {every} change places"
        yield Fit(text, lambda r: r.roll(size // 2, number))
        for place, first in (("first", -1.0), ("second", 1.0)):
            signs = torch.tensor([first, -first]).repeat_interleave(size // 2)
            signs = signs.reshape([-1 if n == number else 1 for n in range(right.ndim)])
            said = f"{text}, and the {place} then has its sign changed"
            yield Fit(said, lambda r, s=signs: r.roll(size // 2, number) * s.to(r))
    yield from _repeated(right, axis)
    if size % 2 == 0 and size > 2:
        yield from _alternating(size, axis)
    # One number says of no slice which one it is.
    order = None if prod(right.shape) == size else _order(wrong, right, number)
    if order is not None:
        chosen = torch.tensor(order)
        yield Fit(_said(order, axis), lambda r: r.index_select(number, chosen))


def _alternating(size: int, axis: Axis) -> Iterator[Fit]:
    """Sines and cosines, for example, that take turns on one side only, or in another
    order. Many channels of slow ones are nearly equal, so that no number says where each
    has gone."""
    places = torch.arange(size)
    every = axis.all.removesuffix(" are").removesuffix(" is")
    orders = {
        f"every two neighbours of {every} change places": places.unflatten(0, (-1, 2)).flip(
            1
        ),
        f"{every} are in halves, PyTorch's take turns": places.unflatten(0, (-1, 2)).T,
        f"{every} take turns, PyTorch's are in halves": places.unflatten(0, (2, -1)).T,
    }
    for text, order in orders.items():
        taken = order.flatten()
        yield Fit(text, lambda r, taken=taken: r.index_select(axis.number, taken))


def _repeated(right: Tensor, axis: Axis) -> Iterator[Fit]:
    """Slices that are there several times, such as heads that share their keys: each so
    many times in a row, or all in turn, where PyTorch does the other."""
    size, number = right.shape[axis.number], axis.number
    for times in (t for t in range(2, size) if size % t == 0):
        in_a_row, in_turn = _ways_to_repeat(size, times)
        for ours, theirs, how in (
            (in_turn, in_a_row, "all in turn; PyTorch's each in a row"),
            (in_a_row, in_turn, "each in a row; PyTorch's all in turn"),
        ):
            first = [theirs.index(each) for each in theirs]
            if torch.equal(right.index_select(number, torch.tensor(first)), right):
                chosen = torch.tensor([theirs.index(each) for each in ours])
                text = f"{axis.all} repeated {times} times, {how}"
                yield Fit(text, lambda r, chosen=chosen: r.index_select(number, chosen))


def _ways_to_repeat(size: int, times: int) -> tuple[list[int], list[int]]:
    """As 0 0 1 1 2 2, and as 0 1 2 0 1 2."""
    every = range(size)
    return [n // times for n in every], [n % (size // times) for n in every]


def shifted(x: Tensor, by: int, axis: int) -> Tensor:
    """Later by so many places, with zeros before; earlier if ``by`` is negative."""
    x = x.roll(by, axis)
    empty = range(by) if by > 0 else range(x.shape[axis] + by, x.shape[axis])
    return x.index_fill(axis, torch.tensor(list(empty), device=x.device), 0.0)


def _order(wrong: Tensor, right: Tensor, axis: int) -> list[int] | None:
    """For each slice of the wrong value the right one's that it is most like."""
    rows = [v.movedim(axis, 0).flatten(1) for v in (wrong, right)]
    rows = [row / row.norm(dim=1, keepdim=True).clamp_min(1e-300) for row in rows]
    alike = rows[0] @ rows[1].T
    order = _in_step(alike, alike.argmax(1)).tolist()
    if order == list(range(len(order))):
        return None
    same = (rows[1] @ rows[1].T >= 1 - EQUAL).int().argmax(1)  # the first of those equal
    of_one = same[torch.tensor(order)]
    return of_one.tolist() if len(of_one.unique()) == 1 else order


def _in_step(alike: Tensor, nearest: Tensor) -> Tensor:
    """Slices may be equal, as silent frames are. Of those the one at the same place is
    meant, or, behind others that have moved, the one that has moved as far."""
    places = torch.arange(len(nearest))
    best = alike.gather(1, nearest[:, None])[:, 0]

    def as_near(kept: Tensor) -> Tensor:
        kept = kept.clamp(0, len(places) - 1)
        return best - alike.gather(1, kept[:, None])[:, 0] <= EQUAL

    nearest = torch.where(as_near(places), places, nearest)
    away = (nearest - places)[nearest != places]
    if len(away) == 0:
        return nearest
    by = away.mode().values
    first = int((nearest != places).nonzero()[0])
    moves = (places >= first) & as_near(places + by)
    return torch.where(moves, (places + by).clamp(0, len(places) - 1), nearest)


def _said(order: list[int], axis: Axis) -> str:
    n = len(order)
    if order == list(range(n))[::-1]:
        return f"{axis.all} in reverse"
    by = -order[0] % n
    if order == [(i - by) % n for i in range(n)]:
        return f"{axis.all} rotated by {by}"
    if sorted(order) == list(range(n)):
        moved_places = [i for i in range(n) if order[i] != i]
        first, last = moved_places[0], moved_places[-1]
        return f"{axis.all} in another order, from {first} to {last}"
    return _copies(order, axis) or f"{axis.all} filled with the wrong slices"


def _copies(order: list[int], axis: Axis) -> str | None:
    """Of an order in which some slices are there more than once."""
    n = len(order)
    one = axis.name or "slice"
    if len(set(order)) == 1:
        return f"{axis.at(order[:1])} of {{it}} is in the place of all"
    other = [i for i in range(n) if order[i] != i]
    first, last = other[0], other[-1]
    by = order[first] - first
    if other != list(range(first, last + 1)):
        return None
    if any(order[i] - i != by for i in other):
        return None
    if last < n - 1 or abs(by) >= len(other):
        copied = axis.at([order[i] for i in other])
        verb = axis.verb(other)
        a_copy = "a copy" if len(other) == 1 else "copies"
        return f"{axis.at(other)} of {{it}} {verb} {a_copy} of {copied}"
    if by == -1:
        there = axis.at([order[first]])
        return f"{there} of {{it}} is there twice, and each {one} after it is one later"
    return f"from {one} {first} on, {axis.all} {-by:+d} places away"
