"""All fits of a wrong value: "it is multiplied by 1.5", "the heads are rotated by 2".

`fits` proposes transforms of the whole value, `local_fits` of the few slices that are
wrong.
"""

from collections.abc import Iterator
from itertools import chain

import torch
from torch import Tensor

from debug.causes.hypotheses.along_axis import done_along, signs_changed
from debug.causes.hypotheses.axes import Axes
from debug.causes.hypotheses.by_place import added_by_distance, turned_by_place
from debug.causes.hypotheses.elementwise import functions_of_each
from debug.causes.hypotheses.fit import Fit, Sample, Support, Transform
from debug.causes.hypotheses.moved_slices import moved, reordered
from debug.causes.hypotheses.zeroed import hidden_places


def fits(wrong: Tensor, right: Tensor, axes: Axes) -> Iterator[Fit]:
    """Transforms of the whole value."""
    if not wrong.any():
        yield Fit("{it} is zero", torch.zeros_like)
        return
    sample = Sample(wrong, right)
    yield from (fit for fit in _linear(wrong, right) if sample.likely(fit.transform))
    yield from functions_of_each(wrong, right)
    yield from hidden_places(wrong, right, axes)
    yield from reordered(wrong, right, axes)
    yield from done_along(wrong, right, axes)
    yield from signs_changed(wrong, right, axes)
    yield from turned_by_place(wrong, right, axes)
    yield from added_by_distance(wrong, right, axes)


def fits_of_ids(wrong: Tensor, right: Tensor, axes: Axes) -> Iterator[Fit]:
    """Transforms of whole numbers that choose rows, such as positions: these are counted
    from elsewhere or in another order, but no number is a factor too large."""
    first = wrong.flatten()[0].item()
    if bool((wrong == first).all()):
        yield Fit(f"{{it}} is {first:g} everywhere", lambda r: torch.full_like(r, first))
        return
    by = (wrong - right).flatten()[0].item()
    if bool((wrong - right == by).all()):
        yield Fit(f"{by:g} is added to {{it}}", lambda r: r + by)
        return
    largest = right.max().item()
    yield Fit(f"{{it}} counts down from {largest:g}", lambda r: largest - r)
    yield from _linear(wrong, right)
    yield from reordered(wrong, right, axes)


def _linear(wrong: Tensor, right: Tensor) -> Iterator[Fit]:
    energy = (right * right).sum().item()
    if energy > 0:
        factor = (wrong * right).sum().item() / energy
        yield Fit(f"{{it}} is multiplied by {factor:.5g}", lambda r: r * factor)
    offset = (wrong - right).mean().item()
    yield Fit(f"{offset:.5g} is added to {{it}}", lambda r: r + offset)
    spread = right - right.mean()
    if (variance := spread.square().sum().item()) > 0:
        slope = ((wrong - wrong.mean()) * spread).sum().item() / variance
        start = wrong.mean().item() - slope * right.mean().item()
        alone = abs(start) <= 1e-6 * wrong.abs().max().item() or abs(slope - 1) <= 1e-6
        if alone or abs(slope) <= 1e-6:  # the factor or the offset says it, or the mean
            return
        text = f"{{it}} is multiplied by {slope:.5g}, and {start:.5g} is added"
        yield Fit(text, lambda r: slope * r + start)


def local_fits(wrong: Tensor, right: Tensor, support: Support, axes: Axes) -> Iterator[Fit]:
    """What happened to the few slices that are wrong."""
    chosen = torch.tensor(support.indices)
    theirs, ours = (v.index_select(support.axis, chosen) for v in (right, wrong))
    where, verb = support.said(axes), axes[support.axis].verb(support.indices)

    def within(transform: Transform) -> Transform:
        return lambda r: support.blend(r, transform(r))

    if not ours.any():
        yield Fit(f"{where} of {{it}} {verb} zero", within(torch.zeros_like))
        return
    others = [axis for axis in axes if axis.number != support.axis]
    elsewhere = (moved(ours, theirs, axis) for axis in others)
    functions = functions_of_each(ours, theirs)
    for fit in chain(_linear(ours, theirs), functions, *elsewhere):
        said = fit.about(f"{where} of {{it}}", many=len(support.indices) > 1)
        yield Fit(said, within(fit.transform))
