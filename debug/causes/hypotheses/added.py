"""Another value or weight that was added to a value, or multiplied with it.

The difference of the wrong and the right value is looked for among the values and the
weights that the layer's code might have taken.
"""

import math
from collections.abc import Iterator, Mapping
from functools import partial

import torch
from torch import Tensor

from debug.causes.hypotheses.fit import Fit

EXACTLY = 1e-4
"""How far, relatively, a factor may be from one that is not said."""
SAME = 1e-3
"""How far, relatively, a vector may be from a weight that it is."""


def added_values(
    wrong: Tensor, right: Tensor, values: Mapping[str, Tensor]
) -> Iterator[Fit]:
    """A multiple of another value of the same shape. One that is itself a multiple of the
    right value is left out: to add that is to multiply, which is said so."""
    delta = wrong - right
    energy = delta.square().sum().item()
    if not math.isfinite(energy):  # a mask's lowest number
        return
    for name, value in values.items():
        size = value.square().sum().item()
        if size == 0 or not math.isfinite(size) or _is_multiple(value, right):
            continue
        factor = (delta * value).sum().item() / size
        if (factor * factor * size) < 0.99 * energy:  # most of the difference is not it
            continue
        exactly = round(factor) if abs(factor - round(factor)) < EXACTLY else factor
        added = lambda r, v=value, f=exactly: r + f * v.reshape(r.shape)  # noqa: E731
        yield Fit(_sum(name, exactly), added, takes=name)


def _is_multiple(value: Tensor, right: Tensor) -> bool:
    """Whether two values differ by a factor only."""
    flat, other = value.flatten(), right.flatten()
    size = other.square().sum().item()
    if not math.isfinite(size) or size == 0:
        return False
    factor = (flat * other).sum().item() / size
    return (flat - factor * other).norm().item() <= SAME * flat.norm().item()


def _sum(name: str, factor: float) -> str:
    if factor == 1:
        return f"{name} is added to {{it}}"
    if factor == -1:
        return f"{name} is subtracted from {{it}}"
    return f"{factor:.4g} times {name} is added to {{it}}"


def vectors(wrong: Tensor, right: Tensor, weights: Mapping[str, Tensor]) -> Iterator[Fit]:
    """The same vector added to all rows, or all rows multiplied by the same vector."""
    for what, ratio in (("added to", wrong - right), ("multiplied with", wrong / right)):
        vector, is_sum = _the_same_in_all(ratio), what == "added to"
        if vector is None:
            continue
        name = _weight(vector, weights, scaled=is_sum)
        function = partial(torch.add if is_sum else torch.mul, vector)
        if name is None:
            text = f"one vector is {what} all rows of {{it}}"
            yield Fit(text, function, vague=True)
        else:
            yield Fit(f"{name} is {what} {{it}}", function)


def _the_same_in_all(difference: Tensor) -> Tensor | None:
    """The difference as it is along some axes, if it is the same along all others."""
    if not bool(torch.isfinite(difference).all()):
        return None
    size = difference.norm().item()
    found = difference
    for axis, length in enumerate(difference.shape):
        mean = found.mean(axis, keepdim=True)
        if length > 1 and (found - mean).norm().item() <= SAME * size:
            found = mean
    # All alike is a number, and nothing alike is a value.
    return found if 1 < found.numel() < difference.numel() else None


def _weight(vector: Tensor, weights: Mapping[str, Tensor], scaled: bool) -> str | None:
    """The weight that a vector is; a multiple of one only where that is ``scaled``."""
    flat = vector.flatten()
    for name, weight in weights.items():
        if weight.numel() != flat.numel():
            continue
        own = weight.double().flatten()
        size = own.square().sum().item()
        factor = (own * flat).sum().item() / size if scaled and size else 1.0
        if (factor * own - flat).norm().item() <= SAME * flat.norm().item():
            return name if abs(factor - 1) <= SAME else f"{factor:.4g} times {name}"
    return None
