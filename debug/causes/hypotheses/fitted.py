"""Hypotheses with a fitted number: "it is multiplied by 1.5", "axis 2 is rotated by 2".

They are tried after the named mistakes, because a fit explains less: it says what a wrong
value is of the right one, not what was done. `fits` proposes transforms of the whole
value, `local_fits` of the few slices that are wrong. Each is kept only if it accounts for
nearly all of the error of the one operation it was fitted to, so that chance explains
nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor

from debug.causes.hypotheses.functions import shifted
from debug.measure.matching import reorderings

Transform = Callable[[Tensor], Tensor]
LARGEST_MATCHED_AXIS = 2048
FEW = 0.25
"""The share of the slices that may be wrong for an error to be called local."""


@dataclass(frozen=True)
class Fit:
    text: str
    transform: Transform
    """What makes the wrong value of the right one."""
    moves: bool = False
    """Whether slices or axes change places, instead of numbers."""


@dataclass(frozen=True)
class Support:
    """The slices along one axis that hold the whole error."""

    axis: int
    indices: list[int]

    def __str__(self) -> str:
        shown = ", ".join(map(str, self.indices[:4]))
        return f"{shown}, ..." if len(self.indices) > 4 else shown

    @property
    def key(self) -> tuple[int, ...]:
        """Equal for equal slices."""
        return self.axis, *self.indices

    def blend(self, right: Tensor, wrong: Tensor) -> Tensor:
        """The wrong value in these slices, the right one elsewhere."""
        chosen = torch.tensor(self.indices)
        parts = wrong.index_select(self.axis, chosen)
        return right.index_copy(self.axis, chosen, parts)


def supports(wrong: Tensor, right: Tensor, limit: float) -> list[Support]:
    """Where the error is, if it is in few slices of an axis; the narrowest first.

    Args:
        wrong: of the same shape as ``right``.
        right: in float64.
        limit: the norm of an error that is rounding.
    """
    squares = (wrong - right).square()
    found = []
    for axis, size in enumerate(right.shape):
        others = [a for a in range(right.ndim) if a != axis]
        norms = squares.sum(others).sqrt() if others else squares.sqrt()
        indices = (norms > limit / size**0.5).nonzero().flatten().tolist()
        if 0 < len(indices) <= max(1, FEW * size) and size > 1:
            found.append(Support(axis, indices))
    return sorted(found, key=lambda s: len(s.indices) / right.shape[s.axis])


def fits(wrong: Tensor, right: Tensor) -> Iterator[Fit]:
    """Transforms of the whole value."""
    energy = (right * right).sum().item()
    if energy > 0:
        factor = (wrong * right).sum().item() / energy
        yield Fit(f"it is multiplied by {factor:.5g}", lambda r: r * factor)
    offset = (wrong - right).mean().item()
    yield Fit(f"{offset:.5g} is added", lambda r: r + offset)
    for axes in reorderings(right.shape, right.shape):
        reordered = lambda r, axes=axes: r.permute(axes)  # noqa: E731
        yield Fit(f"its axes are in the order {axes}", reordered, moves=True)
    for axis in range(right.ndim):
        yield from _moved(wrong, right, axis)
    spread = right - right.mean()
    if (variance := spread.square().sum().item()) > 0:
        slope = ((wrong - wrong.mean()) * spread).sum().item() / variance
        start = wrong.mean().item() - slope * right.mean().item()
        if abs(start) <= 1e-6 * wrong.abs().max().item() or abs(slope - 1) <= 1e-6:
            return  # the factor or the offset alone says it
        text = f"it is multiplied by {slope:.5g}, and {start:.5g} is added"
        yield Fit(text, lambda r: slope * r + start)


def _moved(wrong: Tensor, right: Tensor, axis: int) -> Iterator[Fit]:
    """Slices that are at another place: shifted, in reverse, in any other order."""
    size = right.shape[axis]
    if not 1 < size <= LARGEST_MATCHED_AXIS or prod(right.shape) == size:
        return
    for by in (1, -1, 2, -2):
        text = f"axis {axis} is shifted by {by:+d}"
        yield Fit(text, lambda r, by=by: shifted(r, by, axis), moves=True)
    order = _order(wrong, right, axis)
    if order is not None:
        text = f"axis {axis} is {_named(order)}"
        chosen = torch.tensor(order)
        yield Fit(text, lambda r: r.index_select(axis, chosen), moves=True)


def _order(wrong: Tensor, right: Tensor, axis: int) -> list[int] | None:
    """For each slice of the wrong value the right one's that it is most like."""
    rows = [v.movedim(axis, 0).flatten(1) for v in (wrong, right)]
    rows = [row / row.norm(dim=1, keepdim=True).clamp_min(1e-300) for row in rows]
    order = (rows[0] @ rows[1].T).argmax(1).tolist()
    return None if order == list(range(len(order))) else order


def _named(order: list[int]) -> str:
    n = len(order)
    if order == list(range(n))[::-1]:
        return "in reverse"
    by = -order[0] % n
    if order == [(i - by) % n for i in range(n)]:
        return f"rotated by {by}"
    if sorted(order) == list(range(n)):
        moved = [i for i in range(n) if order[i] != i]
        return f"in another order, from {moved[0]} to {moved[-1]}"
    return "filled with the wrong slices"


def local_fits(wrong: Tensor, right: Tensor, support: Support) -> Iterator[Fit]:
    """What happened to the few slices that are wrong."""
    chosen = torch.tensor(support.indices)
    theirs, ours = (v.index_select(support.axis, chosen) for v in (right, wrong))
    where = f"at {support} of axis {support.axis}"

    def within(transform: Transform) -> Transform:
        return lambda r: support.blend(r, transform(r))

    if not ours.any():
        yield Fit(f"zero {where}", within(torch.zeros_like))
    for fit in fits(ours, theirs):
        if not fit.moves:
            yield Fit(f"{fit.text} {where}", within(fit.transform))
    for axis in range(right.ndim):
        yield from (
            Fit(f"{fit.text} {where}", within(fit.transform))
            for fit in _moved(wrong, right, axis)
        )
