"""Functions of each number: clamped, rounded to a grid, raised to a power, passed through
another activation.

Given a wrong value m and the right value r of the same shape, each of these is a function f
with m = f(r), whose bounds or exponent are read off the two. A sample decides whether one
is worth trying on all.
"""

from collections.abc import Iterator
from functools import partial

import torch
from torch import Tensor

from debug.causes.hypotheses.activations import ACTIVATIONS
from debug.causes.hypotheses.fit import Fit, Sample, Transform
from debug.causes.hypotheses.precision import round_to

NARROWER = {
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
    "float8 (e4m3)": torch.float8_e4m3fn,
    "float8 (e5m2)": torch.float8_e5m2,
}
ROUNDED: dict[str, Transform] = {
    "rounded": torch.round,
    "rounded down": torch.floor,
    "rounded up": torch.ceil,
    "rounded towards zero": torch.trunc,
}
ON_A_GRID = 0.999
"""The share of numbers that are multiples of a step, for all of them to be rounded."""
AT_AN_EDGE = 1e-3
"""How near to an edge, in steps, a number may be rounded either way."""
SMALLEST_GRID = 1e-4
"""A step below this share of the largest number is rounding of another kind."""


def functions_of_each(wrong: Tensor, right: Tensor) -> Iterator[Fit]:
    """What may have been done to every number alike."""
    if not bool(torch.isfinite(wrong).all() and torch.isfinite(right).all()):
        return
    if _is_mask(right):  # of which an activation makes zero, and so does much else
        return
    sample = Sample(wrong, right)
    for text, function in _all(sample, wrong, right):
        if sample.likely(function):
            yield Fit(text, function, extra=text.endswith("is applied to {it}"))


def _is_mask(value: Tensor) -> bool:
    """Zeros, and one number below."""
    low, high = value.aminmax() if value.numel() else (value, value)
    if value.numel() == 0 or high.item() != 0 or low.item() == 0:
        return False
    return bool(((value == low) | (value == high)).all())


def _all(sample: Sample, wrong: Tensor, right: Tensor) -> Iterator[tuple[str, Transform]]:
    yield "the sign of {it} is changed", torch.neg
    yield "the absolute value of {it} is taken", torch.abs
    yield "{it} is squared", torch.square
    yield "the root of {it} is taken", lambda r: r.abs().sqrt()
    yield "the reciprocal of {it} is taken", torch.reciprocal
    yield "the exponential of {it} is taken", torch.exp
    for name, function in ACTIVATIONS.items():
        yield f"{name} is applied to {{it}}", function
    yield from _clamped(sample, wrong)
    yield from _thresholds(wrong, right)
    yield from _powers(sample)
    yield from _soft_cap(sample)
    yield from _grids(sample, wrong)
    for name, dtype in NARROWER.items():
        yield f"{{it}} is rounded to {name}", partial(round_to, dtype=dtype)


def _clamped(sample: Sample, wrong: Tensor) -> Iterator[tuple[str, Transform]]:
    """The bounds are the extremes of what is there, if anything lies beyond them."""
    low, high = wrong.min().item(), wrong.max().item()
    below = bool((sample.right < low).any())
    above = bool((sample.right > high).any())
    if below and above:
        text = f"{{it}} is clamped to {low:.4g} to {high:.4g}"
        yield text, lambda r: r.clamp(low, high)
    elif above:
        yield f"{{it}} is clamped to at most {high:.4g}", lambda r: r.clamp(max=high)
    elif below:
        yield f"{{it}} is clamped to at least {low:.4g}", lambda r: r.clamp(min=low)


def _thresholds(wrong: Tensor, right: Tensor) -> Iterator[tuple[str, Transform]]:
    """What is small is set to zero; all numbers are needed to know how small."""
    silenced = right[(wrong == 0) & (right != 0)]
    if silenced.numel() == 0:
        return
    below = silenced.max().item()
    text = f"{{it}} is set to zero up to {below:.4g}"
    yield text, lambda r: torch.where(r <= below, 0.0, r)
    around = silenced.abs().max().item()
    text = f"{{it}} is set to zero where it is smaller than {around:.4g}"
    yield text, lambda r: torch.where(r.abs() <= around, 0.0, r)


def _powers(sample: Sample) -> Iterator[tuple[str, Transform]]:
    """The slope of the logarithms is the exponent."""
    size = sample.right.abs()
    chosen = (size > 0) & (sample.wrong != 0) & ((size.log().abs()) > 0.1)
    if not chosen.any():
        return
    logs = size[chosen].log()
    power = (sample.wrong[chosen].abs().log() / logs).median().item()
    if 0.05 < abs(power) < 20 and abs(power - 1) > 1e-3:
        text = f"{{it}} is raised to the power of {power:.4g}"
        yield text, lambda r: r.sign() * r.abs() ** power


def _soft_cap(sample: Sample) -> Iterator[tuple[str, Transform]]:
    """c tanh(r / c), with c from the number that is largest; c is found by halving."""
    at = sample.right.abs().argmax()
    right, wrong = sample.right[at].abs(), sample.wrong[at].abs()
    if not 0 < wrong < right:
        return
    low, high = wrong.item(), 1e3 * right.item()
    for _ in range(60):
        cap = (low * high) ** 0.5
        too_small = cap * torch.tanh(right / cap) < wrong
        low, high = (cap, high) if too_small else (low, cap)
    cap = (low * high) ** 0.5
    text = f"{{it}} is capped softly, by {cap:.4g} tanh(x / {cap:.4g})"
    yield text, lambda r: cap * torch.tanh(r / cap)


def _grids(sample: Sample, wrong: Tensor) -> Iterator[tuple[str, Transform]]:
    """Rounded to multiples of a step, as by whole numbers of 8 bits."""
    values = sample.wrong.unique()
    if values.numel() < 2 or values.numel() > sample.wrong.numel() / 4:
        return
    largest = values.abs().max().item()
    gaps = values.diff()
    gaps = gaps[gaps > SMALLEST_GRID * largest]
    if gaps.numel() == 0:
        return
    step = gaps.min().item()
    step = step / max(1, round(step / gaps.median().item()))
    multiples = (sample.wrong / step).round() * step
    close = ((sample.wrong - multiples).abs() <= 1e-3 * step).double().mean().item()
    if close >= ON_A_GRID:
        step = _refined(sample.wrong, step)
        for text, rounded in ROUNDED.items():
            said = f"{{it}} is {text} to multiples of {step:.4g}"
            yield said, _either_way(rounded, step, sample.wrong, wrong)


def _either_way(rounded: Transform, step: float, *wrong: Tensor) -> Transform:
    """Rounds to multiples of a step. What is as near to an edge as rounding in float32 goes
    to the side where the wrong value has it."""

    def cut(right: Tensor) -> Tensor:
        counts = right / step
        made = rounded(counts)
        theirs = next((each / step for each in wrong if each.shape == right.shape), made)
        edges = (counts * 2).round() / 2  # of whole numbers, and of halves
        near = (counts - edges).abs() <= AT_AN_EDGE
        next_to_it = (theirs - made).abs() <= 1 + AT_AN_EDGE
        return torch.where(near & next_to_it, theirs.round(), made) * step

    return cut


def _refined(values: Tensor, step: float) -> float:
    """The step with which the largest multiples agree best."""
    counts = (values / step).round()
    return ((values * counts).sum() / counts.square().sum()).item()
