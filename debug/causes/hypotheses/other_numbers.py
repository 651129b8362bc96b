"""A number typed slightly wrong: the function is right, one of its numbers is not.

Some numbers are in the reference's call: an epsilon, a factor, an exponent. Others belong
to a mistake, such as the slope of the sigmoid in a quick GELU. Each is a family of
mistakes, of which one is found by searching for the number whose result comes nearest to
what the candidate has.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from debug.causes.hypotheses.layer_norm import scaled
from debug.causes.hypotheses.mistake import Called, Key, named
from debug.reference.pytorch_functions import by_name
from debug.reference.recording import Replacement

COARSE, FINE = 27, 40
"""Steps of the search: over the whole range, then between two neighbours."""
GOLDEN = (math.sqrt(5) - 1) / 2

Error = Callable[[float], float]
"""How far the candidate is from what a number would make."""


@dataclass(frozen=True)
class Family:
    """Mistakes that differ in one number."""

    key: Key
    text: Callable[[float], str]
    replacement: Callable[[float], Replacement]
    low: float
    """Of the numbers that are tried; above zero, and each is so many times the last."""
    high: float


def families(called: Called) -> Iterator[Family]:
    """The numbers that may be wrong in a step."""
    generator = _GENERATORS.get(called.name)
    if generator is not None:
        yield from generator(called)


def best_number(family: Family, error: Error, enough: float) -> float | None:
    """The number that comes nearest, with as few digits as are enough; None for a range
    in which nothing comes near.

    Args:
        family: whose range is searched.
        error: to be made small.
        enough: the error that is rounding.
    """
    start, stop = math.log(family.low), math.log(family.high)
    width = (stop - start) / (COARSE - 1)
    tried = [(error(math.exp(start + width * n)), n) for n in range(COARSE)]
    least, at = min(tried)
    if not math.isfinite(least) or at in (0, COARSE - 1):
        return None
    low, high = start + width * (at - 1), start + width * (at + 1)
    number = math.exp(_golden(lambda x: error(math.exp(x)), low, high))
    least = error(number)
    for digits in range(1, 7):
        short = float(f"{number:.{digits}g}")
        if error(short) <= max(enough, 1.05 * least):
            return short
    return number


def _golden(error: Error, low: float, high: float) -> float:
    """Where a function with one valley is lowest, by golden sections."""
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_left, at_right = error(left), error(right)
    for _ in range(FINE):
        if at_left < at_right:
            high, right, at_right = right, left, at_left
            left = high - GOLDEN * (high - low)
            at_left = error(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + GOLDEN * (high - low)
            at_right = error(right)
    return (low + high) / 2


# -- By function ---------------------------------------------------------------------


def _layer_norm(called: Called) -> Iterator[Family]:
    given = by_name("layer_norm", called.step.args, called.step.kwargs)
    own = given["eps"]

    def other(epsilon: float, without: str | None = None) -> Replacement:
        def normed(
            x: Tensor, normalized_shape: list[int], weight: Any, bias: Any, eps: float
        ) -> Tensor:
            weight = None if without == "weight" else weight
            bias = None if without == "bias" else bias
            return F.layer_norm(x, normalized_shape, weight, bias, epsilon)

        return named("layer_norm", normed)

    def by_hand(divisor: Callable[[Tensor], Tensor]) -> Replacement:
        return _divided(lambda variance, _: divisor(variance))

    text = lambda e: f"epsilon is {e:g}, PyTorch's is {own:g}"  # noqa: E731
    yield Family(("epsilon",), text, other, 1e-13, 10.0)
    for place, part in ((2, "weight"), (3, "bias")):
        name = called.weight(place, part)
        yield Family(
            ("epsilon", "and left out", name),
            lambda e, name=name: f"{name} is left out; and {text(e)}",
            lambda e, part=part: other(e, without=part),
            1e-13,
            10.0,
        )
    yield Family(
        ("epsilon", "added to the root"),
        lambda e: f"epsilon, {e:g}, is added to the root instead of under it",
        lambda e: by_hand(lambda variance: variance.sqrt() + e),
        1e-9,
        10.0,
    )
    yield Family(
        ("epsilon", "variance for root"),
        lambda e: f"it is divided by the variance (plus {e:g}) instead of its root",
        lambda e: by_hand(lambda variance: variance + e),
        1e-9,
        10.0,
    )
    size = math.prod(given["normalized_shape"])
    yield Family(
        ("epsilon", "and n - 1"),
        lambda e: f"the variance is divided by n - 1; and {text(e)}",
        lambda e: by_hand(lambda variance: (variance * (size / (size - 1)) + e).sqrt()),
        1e-13,
        10.0,
    )
    yield from _divisors(size)


def _divided(divisor: Callable[[Tensor, float], Tensor], means: float = 1.0) -> Replacement:
    """By something of the variance and epsilon, after ``means`` times the mean was
    subtracted."""

    def normed(
        x: Tensor, normalized_shape: Sequence[int], weight: Any, bias: Any, eps: float
    ) -> Tensor:
        axes = tuple(range(-len(normalized_shape), 0))
        centred = x - means * x.mean(axes, keepdim=True)
        y = centred / divisor(centred.square().mean(axes, keepdim=True), eps)
        return scaled(y, weight, bias)

    return named("layer_norm", normed)


def _divisors(size: int) -> Iterator[Family]:
    """Sums over all channels that are divided by another number of them."""

    def root(times: float) -> Callable[[Tensor, float], Tensor]:
        return lambda variance, eps: (variance * times + eps).sqrt()

    what = {"mean": (1, 0), "variance": (0, 1), "mean and the variance": (1, 1)}
    for name, (of_mean, of_variance) in what.items():
        verb = "are" if of_mean and of_variance else "is"
        yield Family(
            ("divisor", name),
            lambda n, name=name, verb=verb: (
                f"the {name} {verb} divided by {n:.6g}, PyTorch's by {size}"
            ),
            lambda n, of_mean=of_mean, of_variance=of_variance: _divided(
                root(size / n if of_variance else 1.0), size / n if of_mean else 1.0
            ),
            size / 8,
            size * 8,
        )


def _gelu(called: Called) -> Iterator[Family]:
    yield from _leaky(called)
    yield Family(
        ("GELU", "by sigmoid of"),
        lambda a: f"GELU by sigmoid of {a:g} x (quick) instead of erf",
        lambda a: lambda args, _: args[0] * (a * args[0]).sigmoid(),
        0.2,
        8.0,
    )
    root = 0.5**0.5
    yield Family(
        ("GELU", "by erf of"),
        lambda a: f"GELU by erf of {a:g} x, PyTorch's by {root:.4g} x",
        lambda a: lambda args, _: 0.5 * args[0] * (1 + (a * args[0]).erf()),
        0.1,
        8.0,
    )


def _leaky(called: Called) -> Iterator[Family]:
    yield Family(
        ("leaky ReLU",),
        lambda a: f"leaky ReLU with a slope of {a:g} instead of {called.name}",
        lambda a: lambda args, _: F.leaky_relu(args[0], a),
        1e-4,
        1.0,
    )
    yield Family(
        ("ELU",),
        lambda a: f"ELU with an alpha of {a:g} instead of {called.name}",
        lambda a: lambda args, _: F.elu(args[0], a),
        1e-2,
        1e2,
    )


def _conv1d(called: Called) -> Iterator[Family]:
    """Padded with a number that is not zero, such as the spectrogram's silence."""
    for sign in (1.0, -1.0):

        def padded(number: float, sign: float = sign) -> Replacement:
            def conv(x: Tensor, padding: Any, **others: Any) -> Tensor:
                size = padding[0] if isinstance(padding, tuple | list) else padding
                wide = F.pad(x, (size, size), value=sign * number)
                return F.conv1d(wide, padding=0, **others)

            return named("conv1d", conv)

        yield Family(
            ("padded with", sign),
            lambda n, sign=sign: f"the convolution is padded with {sign * n:g}",
            padded,
            1e-3,
            1e3,
        )


def _softmax(_: Called) -> Iterator[Family]:
    def of(function: Callable[[Tensor], Tensor]) -> Replacement:
        def call(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Tensor:
            given = by_name("softmax", args, kwargs)
            return function(given["x"].clamp(min=-1e30)).softmax(given["dim"])

        return call

    def of_largest(function: Callable[[Tensor, Tensor], Tensor]) -> Replacement:
        def call(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Tensor:
            given = by_name("softmax", args, kwargs)
            x, axis = given["x"].clamp(min=-1e30), given["dim"]
            return function(x, x.amax(axis, keepdim=True)).softmax(axis)

        return call

    def below(denominator: Callable[[Tensor, int], Tensor]) -> Replacement:
        def call(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Tensor:
            given = by_name("softmax", args, kwargs)
            x, axis = given["x"], given["dim"]
            less = x - x.amax(axis, keepdim=True)
            return less.exp() / denominator(less, axis)

        return call

    yield Family(
        ("softmax", "temperature"),
        lambda f: f"the scores are multiplied by {f:g} before softmax",
        lambda f: of(lambda x: f * x),
        0.01,
        100.0,
    )
    yield Family(
        ("softmax", "soft cap"),
        lambda c: f"the scores are capped softly, by {c:g} tanh(x / {c:g})",
        lambda c: of(lambda x: c * torch.tanh(x / c)),
        0.1,
        1e3,
    )
    yield Family(
        ("softmax", "clamped"),
        lambda c: f"the scores are clamped to at most {c:g}",
        lambda c: of(lambda x: x.clamp(max=c)),
        1e-3,
        1e3,
    )
    yield Family(
        ("softmax", "clamped below"),
        lambda c: f"the scores are clamped to at least their largest less {c:g}",
        lambda c: of_largest(lambda x, largest: x.maximum(largest - c)),
        1e-2,
        1e3,
    )
    yield Family(
        ("softmax", "added to the sum"),
        lambda c: f"{c:g} is added to the sum in softmax's denominator",
        lambda c: below(lambda x, axis: x.exp().sum(axis, keepdim=True) + c),
        1e-12,
        1e3,
    )


def _scalar(verb: str) -> Callable[[Called], Iterator[Family]]:
    """Of a step with one number among its arguments."""

    def generator(called: Called) -> Iterator[Family]:
        args = called.step.args
        places = [n for n, arg in enumerate(args) if isinstance(arg, int | float)]
        if len(places) != 1 or not args[places[0]]:
            return
        (place,), step = places, called.step
        given, sign = float(args[place]), math.copysign(1.0, float(args[place]))

        def other(number: float) -> Replacement:
            def call(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Tensor:
                replaced = [*args]
                replaced[place] = sign * number
                return step.function(*replaced, **kwargs)

            return call

        yield Family(
            (verb,),
            lambda n: f"{verb} is {sign * n:.6g}, PyTorch's is {given:.6g}",
            other,
            abs(given) / 1e4,
            abs(given) * 1e4,
        )

    return generator


def _clamp(called: Called) -> Iterator[Family]:
    step = called.step
    for name in ("min", "max"):
        given = step.kwargs.get(name)
        if not isinstance(given, int | float) or not given:
            continue
        sign = math.copysign(1.0, given)

        def other(number: float, name: str = name, sign: float = sign) -> Replacement:
            return lambda args, kwargs: step.function(
                *args, **{**kwargs, name: sign * number}
            )

        yield Family(
            ("clamp", name),
            lambda n, name=name, sign=sign, given=given: (
                f"the {name} of the clamp is {sign * n:.6g}, PyTorch's is {given:.6g}"
            ),
            other,
            abs(given) / 1e4,
            abs(given) * 1e4,
        )


_GENERATORS: dict[str, Callable[[Called], Iterator[Family]]] = {
    "layer_norm": _layer_norm,
    "gelu": _gelu,
    "relu": _leaky,
    "silu": _leaky,
    "conv1d": _conv1d,
    "softmax": _softmax,
    "mul": _scalar("the factor"),
    "truediv": _scalar("the divisor"),
    "div": _scalar("the divisor"),
    "add": _scalar("the number that is added"),
    "sub": _scalar("the number that is subtracted"),
    "pow": _scalar("the exponent"),
    "leaky_relu": _scalar("the slope"),
    "clamp": _clamp,
}
"""By PyTorch's name of the function."""
