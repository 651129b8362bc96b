"""The known mistakes of a layer norm, most of them made where it is written out.

With m the mean of x and v its variance, a layer norm is (x - m) / sqrt(v + eps) * w + b.
A mistake is another epsilon, another m or v, or one of the five steps at another place.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from debug.causes.hypotheses.mistake import Called, Mistake, named
from debug.causes.hypotheses.precision import OTHER_PRECISIONS, round_to
from debug.reference.pytorch_functions import by_name
from debug.reference.recording import Replacement

EPSILONS = (1e-3, 1e-4, 1e-5, 1e-6, 0.0, 1e-7, 1e-8, 1e-12)
"""Where none can be told from the smallest ones, zero is said, and that it may be those."""

Axes = tuple[int, ...]
Written = Callable[[Tensor, Axes, Any, Any, float], Tensor]
"""A norm that is written out, of x, the axes, the weight, the bias and epsilon."""


def layer_norm(called: Called) -> Iterator[Mistake]:
    weight, bias = called.weight(2, "weight"), called.weight(3, "bias")
    yield from _epsilons(called)
    yield from _left_out(weight, bias)
    twice = _norm(lambda x, *others: F.layer_norm(F.layer_norm(x, *others), *others))
    text = "the layer norm is applied twice"
    yield Mistake(("applied twice", "layer norm"), text, twice)
    for key, text, written in _written_out(called, weight, bias):
        about = next((name for name in (weight, bias) if name in text), None)
        yield Mistake(key, text, written_out(written), about)


def _norm(mistake: Callable[..., Tensor]) -> Replacement:
    return named(
        "layer_norm",
        lambda x, normalized_shape, weight, bias, eps: mistake(
            x, normalized_shape, weight, bias, eps
        ),
    )


def written_out(written: Written, axis: int | None = None) -> Replacement:
    """In place of PyTorch's; over its axes, or over one."""

    def normed(x: Tensor, shape: Sequence[int], w: Any, b: Any, eps: float) -> Tensor:
        axes = tuple(range(-len(shape), 0)) if axis is None else (axis,)
        return written(x, axes, w, b, eps)

    return _norm(normed)


def scaled(y: Tensor, weight: Any, bias: Any) -> Tensor:
    """With the weight and the bias, where there are any."""
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


def _epsilons(called: Called) -> Iterator[Mistake]:
    given = by_name("layer_norm", called.step.args, called.step.kwargs)["eps"]
    for epsilon in (each for each in EPSILONS if each != given):
        other = _norm(lambda x, n, w, b, eps, new=epsilon: F.layer_norm(x, n, w, b, new))
        yield other_epsilon(epsilon, given, other)


def other_epsilon(epsilon: float, given: float, other: Replacement) -> Mistake:
    """Of a norm whose epsilon should be the one that is given."""
    told = f"{epsilon:g}," if epsilon else "0, or too small to tell;"
    text = f"epsilon is {told} PyTorch's is {given:g}"
    return Mistake(("epsilon", epsilon), text, other, right=given, wrong=epsilon)


def _left_out(weight: str, bias: str) -> Iterator[Mistake]:
    unscaled = _norm(lambda x, n, w, b, eps: F.layer_norm(x, n, None, b, eps))
    yield Mistake(("left out", weight), f"{weight} is left out", unscaled, weight)
    unbiased = _norm(lambda x, n, w, b, eps: F.layer_norm(x, n, w, None, eps))
    yield Mistake(("left out", bias), f"{bias} is left out", unbiased, bias, adds=True)
    for times, verb in ((2.0, "added twice"), (-1.0, "subtracted")):
        other = written_out(partial(_with_bias_times, times=times))
        yield Mistake((verb, bias), f"{bias} is {verb}", other, bias)
    bare = _norm(lambda x, n, w, b, eps: F.layer_norm(x, n, None, None, eps))
    text = "the norm's weight and bias are left out"
    yield Mistake(("left out", "weight and bias"), text, bare)
    text = "the layer norm is left out"
    yield Mistake(("left out", "layer norm"), text, _norm(lambda x, *_: x))


def other_statistics() -> Iterator[tuple[tuple[str, ...], str, Written]]:
    """Another mean, another variance, or what else is divided by."""
    yield ("mean kept",), "the mean is not subtracted", _by_root_of(_mean_square, 0.0)
    text = "the variance is divided by n - 1"
    yield ("unbiased variance",), text, _by_root_of(_unbiased)
    text = "the mean is divided by n - 1"
    yield ("unbiased mean",), text, _mean_of_one_less
    text = "it is divided by the root of the mean square, the mean's included"
    yield ("mean square",), text, _by_root_of_uncentred
    text = "it is divided by the mean absolute deviation, not the root of the variance"
    yield ("mean deviation",), text, _by_mean_deviation
    text = "the sum of the deviations is squared, where their squares are to be summed"
    yield ("square of the sum",), text, _by_root_of(_square_of_the_sum)
    for dtype in OTHER_PRECISIONS:
        name = str(dtype).removeprefix("torch.")
        rounded = partial(_rounded_variance, dtype=dtype)
        yield ("variance in", name), f"the variance in {name}", _by_root_of(rounded)
        text = f"what is left of the value without its mean is rounded to {name}"
        yield ("deviation in", name), text, partial(_rounded_deviation, dtype=dtype)


def _written_out(
    called: Called, weight: str, bias: str
) -> Iterator[tuple[tuple[str, ...] | tuple[str, int], str, Written]]:
    """Other statistics, or a step at another place."""
    yield from other_statistics()
    yield ("norm over axis", -2), "the norm is taken over the other axis", _over_rows
    text = "the mean is taken over the other axis, the variance in each row"
    yield ("mean over axis", -2), text, _mean_over_rows
    text = "the norm is taken over both axes at once, not in each row"
    yield ("norm over axes", -2), text, _over_both
    if called.has_weight(2, "weight"):
        text = f"{weight} is multiplied before the variance is taken, not after the norm"
        yield ("order", "weight, variance"), text, _weight_before_variance
        text = f"{weight} is multiplied before the norm, not after it"
        yield ("order", "weight, norm"), text, _weight_before_norm
        for one in (1, -1):
            text = f"the factor is {weight} {one:+d}, PyTorch's is {weight}"
            yield ("added to weight", one), text, partial(_weight_from, one=one)
    if called.has_weight(3, "bias") and called.has_weight(2, "weight"):
        text = f"{bias} is added before the product with {weight}, not after it"
        yield ("order", "bias, weight"), text, _bias_before_weight
        text = f"{bias} is added to {weight}, not to the product with it"
        yield ("bias added to", "weight"), text, _bias_added_to_weight


def _with_bias_times(
    x: Tensor, axes: Axes, w: Any, b: Any, eps: float, times: float
) -> Tensor:
    bias = None if b is None else times * b
    return _by_root_of(_mean_square)(x, axes, w, bias, eps)


def _mean_square(centred: Tensor, axes: Axes) -> Tensor:
    return centred.square().mean(axes, keepdim=True)


def _unbiased(centred: Tensor, axes: Axes) -> Tensor:
    size = math.prod(centred.shape[axis] for axis in axes)
    return centred.square().sum(axes, keepdim=True) / max(size - 1, 1)


def _rounded_variance(centred: Tensor, axes: Axes, dtype: torch.dtype) -> Tensor:
    return round_to(_mean_square(centred, axes), dtype)


def _square_of_the_sum(centred: Tensor, axes: Axes) -> Tensor:
    return centred.sum(axes, keepdim=True).square()


def _rounded_deviation(
    x: Tensor, axes: Axes, w: Any, b: Any, eps: float, dtype: torch.dtype
) -> Tensor:
    centred = round_to(x - x.mean(axes, keepdim=True), dtype)
    return scaled(centred / (_mean_square(centred, axes) + eps).sqrt(), w, b)


def _by_root_of(
    spread: Callable[[Tensor, Axes], Tensor], mean_times: float = 1.0
) -> Written:
    def written(x: Tensor, axes: Axes, w: Any, b: Any, eps: float) -> Tensor:
        centred = x - mean_times * x.mean(axes, keepdim=True)
        return scaled(centred / (spread(centred, axes) + eps).sqrt(), w, b)

    return written


def _mean_of_one_less(x: Tensor, axes: Axes, w: Any, b: Any, eps: float) -> Tensor:
    size = math.prod(x.shape[axis] for axis in axes)
    centred = x - x.sum(axes, keepdim=True) / max(size - 1, 1)
    return scaled(centred / (_mean_square(centred, axes) + eps).sqrt(), w, b)


def _by_root_of_uncentred(x: Tensor, axes: Axes, w: Any, b: Any, eps: float) -> Tensor:
    centred = x - x.mean(axes, keepdim=True)
    return scaled(centred / (_mean_square(x, axes) + eps).sqrt(), w, b)


def _by_mean_deviation(x: Tensor, axes: Axes, w: Any, b: Any, eps: float) -> Tensor:
    centred = x - x.mean(axes, keepdim=True)
    return scaled(centred / centred.abs().mean(axes, keepdim=True), w, b)


def _over_rows(x: Tensor, axes: Axes, w: Any, b: Any, eps: float) -> Tensor:
    return _by_root_of(_mean_square)(x, (-2,), w, b, eps)


def _mean_over_rows(x: Tensor, axes: Axes, w: Any, b: Any, eps: float) -> Tensor:
    centred = x - x.mean(-2, keepdim=True)
    return scaled(centred / (_mean_square(centred, axes) + eps).sqrt(), w, b)


def _over_both(x: Tensor, axes: Axes, w: Any, b: Any, eps: float) -> Tensor:
    return _by_root_of(_mean_square)(x, (-2, -1), w, b, eps)


def _weight_from(x: Tensor, axes: Axes, w: Any, b: Any, eps: float, one: int) -> Tensor:
    return _by_root_of(_mean_square)(x, axes, w + one, b, eps)


def _bias_added_to_weight(x: Tensor, axes: Axes, w: Any, b: Any, eps: float) -> Tensor:
    return _by_root_of(_mean_square)(x, axes, w + b, None, eps)


def _weight_before_variance(x: Tensor, axes: Axes, w: Any, b: Any, eps: float) -> Tensor:
    scaled_first = (x - x.mean(axes, keepdim=True)) * w
    spread = (_mean_square(scaled_first, axes) + eps).sqrt()
    return scaled(scaled_first / spread, None, b)


def _weight_before_norm(x: Tensor, axes: Axes, w: Any, b: Any, eps: float) -> Tensor:
    return _by_root_of(_mean_square)(x * w, axes, None, b, eps)


def _bias_before_weight(x: Tensor, axes: Axes, w: Any, b: Any, eps: float) -> Tensor:
    return (_by_root_of(_mean_square)(x, axes, None, None, eps) + b) * w
