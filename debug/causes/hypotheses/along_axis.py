"""What may have been done along an axis that PyTorch's code does not do: rows divided by
their length, as newer attention does with queries and keys, softmax once more, the mean of
all heads in the place of each.
"""

from collections.abc import Callable, Iterator, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from debug.causes.hypotheses.axes import Axes, Axis, plural
from debug.causes.hypotheses.fit import Fit
from debug.causes.hypotheses.moved_slices import thinned

SAME = 1e-6
"""Of the value's energy, what may be left. That of the error says nothing: beside queries
that are ten times as large, all rows of length 1 are nearly zero."""
TINY = 1e-12
"""In place of an epsilon: where all is zero, nothing is divided."""


def _by_length(x: Tensor, axis: int) -> Tensor:
    return F.normalize(x, dim=axis, eps=TINY)


def _by_mean_square(x: Tensor, axis: int) -> Tensor:
    return x * (x.square().mean(axis, keepdim=True) + TINY).rsqrt()


def _centred(x: Tensor, axis: int) -> Tensor:
    return x - x.mean(axis, keepdim=True)


def _normed(x: Tensor, axis: int) -> Tensor:
    return _by_mean_square(_centred(x, axis), axis)


def _mean(x: Tensor, axis: int) -> Tensor:
    return x.mean(axis, keepdim=True).expand(x.shape)


def _largest(x: Tensor, axis: int) -> Tensor:
    return x.amax(axis, keepdim=True).expand(x.shape)


DONE: Mapping[str, Callable[[Tensor, int], Tensor]] = {
    "{it} is brought to a length of 1 over the {axis}": _by_length,
    "{it} is brought to a mean square of 1 over the {axis}": _by_mean_square,
    "the mean over the {axis} is subtracted from {it}": _centred,
    "{it} is brought to a mean of 0 and a variance of 1 over the {axis}": _normed,
    "softmax over the {axis} is applied to {it}": lambda x, a: x.softmax(a),
    "each of the {axis} of {it} is the mean of all": _mean,
    "each of the {axis} of {it} is the largest of all": _largest,
    "{it} is summed up along the {axis}": lambda x, a: x.cumsum(a),
}


def done_along(wrong: Tensor, right: Tensor, axes: Axes) -> Iterator[Fit]:
    """Of every axis."""
    for axis in axes:
        ours, theirs = thinned(wrong, axis.number), thinned(right, axis.number)
        size = ours.square().sum().item()
        for text, function in DONE.items():
            left = (ours - function(theirs, axis.number)).square().sum().item()
            if left <= SAME * size:
                yield Fit(
                    text.replace("{axis}", _called(axis)),
                    lambda x, f=function, a=axis.number: f(x, a),
                    extra=True,
                )


def signs_changed(wrong: Tensor, right: Tensor, axes: Axes) -> Iterator[Fit]:
    """Slices of which some have the other sign, as sines of angles that are negative."""
    for axis in axes:
        others = [n for n in range(right.ndim) if n != axis.number]
        if not others:
            continue
        alike = (wrong * right).sum(others, keepdim=True)
        signs = torch.where(alike < 0, -1.0, 1.0).to(right)
        turned = (alike < 0).flatten().nonzero().flatten().tolist()
        size = wrong.square().sum().item()
        left = (wrong - signs * right).square().sum().item()
        if 0 < len(turned) < right.shape[axis.number] and left <= SAME * size:
            said = f"the sign of {axis.at(turned)} of {{it}} is changed"
            yield Fit(said, lambda r, signs=signs: r * signs)


def _called(axis: Axis) -> str:
    return f"places of axis {axis.number}" if axis.name is None else plural(axis.name)
