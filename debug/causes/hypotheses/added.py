"""Another value or weight that was added to a value, or multiplied with it.

The difference of the wrong and the right value is looked for among the values and the
weights that the layer's code might have taken.
"""

import math
from collections.abc import Iterator, Mapping
from functools import partial

import torch
from torch import Tensor

from debug.causes.hypotheses.axes import Axes
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
        exactly = float(round(factor))
        exactly = exactly if abs(factor - exactly) < EXACTLY else factor
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


def vectors(
    wrong: Tensor, right: Tensor, weights: Mapping[str, Tensor], axes: Axes
) -> Iterator[Fit]:
    """The same numbers added at all places of some axes, or multiplied with: one vector to
    all rows, a mask to all heads."""
    for what, ratio in (("added to", wrong - right), ("multiplied with", wrong / right)):
        numbers, is_sum = _the_same_in_all(ratio), what == "added to"
        if numbers is None:
            name = _table(ratio, weights) if is_sum else None
            if name is not None:
                yield Fit(f"{name} is added to {{it}}", partial(torch.add, ratio))
            continue
        # Zeros and ones are in many a table: that a part is zero says more.
        is_mask = not is_sum and bool((numbers * (1 - numbers)).abs().max() <= SAME)
        name = None if is_mask else _weight(numbers, weights, scaled=is_sum)
        function = partial(torch.add if is_sum else torch.mul, numbers)
        if name is None:
            yield Fit(_same(numbers, right, what, axes), function, vague=True)
        else:
            yield Fit(f"{name} is {what} {{it}}", function)


def factor_but_for_a_vector(wrong: Tensor, right: Tensor) -> float | None:
    """The factor by which every row is too large, if one vector more in each is all else
    that is wrong; None where there is no factor, or no vector."""
    if right.ndim < 2 or not bool(torch.isfinite(wrong).all()):
        return None
    ours, theirs = (v - v.mean(-2, keepdim=True) for v in (wrong, right))
    energy = theirs.square().sum().item()
    factor = (ours * theirs).sum().item() / energy if energy else 0.0
    left = (ours - factor * theirs).norm().item()
    if not factor or abs(factor - 1) <= SAME or left > SAME * ours.norm().item():
        return None
    is_all = (wrong - factor * right).norm().item() <= SAME * wrong.norm().item()
    return None if is_all else factor


def _same(numbers: Tensor, right: Tensor, what: str, axes: Axes) -> str:
    """Of which axes they are the same for every place."""
    if numbers.shape[-1] == numbers.numel():
        return f"one vector is {what} all rows of {{it}}"
    sizes = zip(axes, numbers.shape, right.shape, strict=True)
    alike = [axis for axis, own, size in sizes if own == 1 and size > 1]
    where = " and ".join(axis.name or f"place of axis {axis.number}" for axis in alike)
    return f"the same numbers are {what} {{it}} for every {where}"


def _the_same_in_all(difference: Tensor) -> Tensor | None:
    """The difference as it is along some axes, if it is the same along all others."""
    if not bool(torch.isfinite(difference).all()):
        return None
    size = difference.norm().item()
    found = difference
    for axis, length in enumerate(difference.shape):
        if length == 1 or _differ(found, axis, size):
            continue
        mean = found.mean(axis, keepdim=True)
        if (found - mean).norm().item() <= SAME * size:
            found = mean
    # All alike is a number, and nothing alike is a value.
    return found if 1 < found.numel() < difference.numel() else None


def _differ(difference: Tensor, axis: int, size: float) -> bool:
    """Whether the first and the last place of an axis tell that not all are alike."""
    first, last = difference.select(axis, 0), difference.select(axis, -1)
    return (first - last).norm().item() > 2 * SAME * size


def _table(difference: Tensor, weights: Mapping[str, Tensor]) -> str | None:
    """The weight whose rows, from the first on, a difference is."""
    if difference.ndim != 2:
        return None
    rows, columns = difference.shape
    size = difference.norm().item()
    for name, weight in weights.items():
        if weight.ndim != 2 or weight.shape[1] != columns or len(weight) < rows:
            continue
        if (weight[:rows].double() - difference).norm().item() <= SAME * size:
            return name
    return None


def _weight(vector: Tensor, weights: Mapping[str, Tensor], scaled: bool) -> str | None:
    """The weight that a vector is, or which row of a table; a multiple of a weight only
    where that is ``scaled``."""
    flat = vector.flatten()
    for name, weight in weights.items():
        if weight.ndim == 2 and weight.shape[1] == flat.numel():
            away = (weight.double() - flat).norm(dim=1)
            if away.min().item() <= SAME * flat.norm().item():
                return f"row {int(away.argmin())} of {name}"
        if weight.numel() != flat.numel():
            continue
        own = weight.double().flatten()
        size = own.square().sum().item()
        factor = (own * flat).sum().item() / size if scaled and size else 1.0
        if (factor * own - flat).norm().item() <= SAME * flat.norm().item():
            return name if abs(factor - 1) <= SAME else f"{factor:.4g} times {name}"
    return None
