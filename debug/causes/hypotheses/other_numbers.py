"""A number typed slightly wrong: the function is right, one of its numbers is not.

Some numbers are in the reference's call: an epsilon, a factor, an exponent. Others belong
to a mistake, such as the slope of the sigmoid in a quick GELU. Each is a family of
mistakes, of which one is found by searching for the number whose result comes nearest to
what the candidate has.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from debug.causes.hypotheses.family import Family
from debug.causes.hypotheses.group_norm import group_norm_numbers
from debug.causes.hypotheses.mistake import Called, named
from debug.causes.hypotheses.norm_numbers import layer_norm_numbers
from debug.causes.hypotheses.scales import scale_before
from debug.reference.pytorch_functions import by_name
from debug.reference.recording import Replacement


def families(called: Called) -> Iterator[Family]:
    """The numbers that may be wrong in a step."""
    generator = _GENERATORS.get(called.name)
    if generator is not None:
        yield from generator(called)


# -- By function ---------------------------------------------------------------------


def _gelu(called: Called) -> Iterator[Family]:
    yield from _leaky(called)
    yield Family(
        ("GELU", "by sigmoid of"),
        lambda a: f"GELU by sigmoid of {a:g} x (quick) instead of erf",
        lambda a: lambda args, _: args[0] * (a * args[0]).sigmoid(),
        0.2,
        8.0,
    )
    yield Family(
        ("GELU", "by tanh with the cube"),
        lambda c: f"GELU by tanh with {c:g} x^3, which is 0.044715 x^3 in its formula",
        lambda c: lambda args, _: _gelu_by_tanh(args[0], c, (2 / math.pi) ** 0.5),
        1e-4,
        10.0,
    )
    yield Family(
        ("GELU", "by tanh of"),
        lambda k: f"GELU by tanh of {k:g} (x + ...), which is 0.7979 in its formula",
        lambda k: lambda args, _: _gelu_by_tanh(args[0], 0.044715, k),
        0.05,
        10.0,
    )
    root = 0.5**0.5
    yield Family(
        ("GELU", "by erf of"),
        lambda a: f"GELU by erf of {a:g} x, PyTorch's by {root:.4g} x",
        lambda a: lambda args, _: 0.5 * args[0] * (1 + (a * args[0]).erf()),
        0.1,
        8.0,
        root,
    )


def _gelu_by_tanh(x: Tensor, cube: float, outer: float) -> Tensor:
    return 0.5 * x * (1 + torch.tanh(outer * (x + cube * x**3)))


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
            0.0,
            sign,
        )


def _softmax(called: Called) -> Iterator[Family]:
    scale = scale_before(called.step, called.recording)
    theirs = "" if scale == 1 else f", PyTorch's by {scale:.6g}"

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

    def with_sum(more: Callable[[Tensor], Tensor | float]) -> Replacement:
        """Of the largest score, what is more in the sum."""

        def call(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Tensor:
            given = by_name("softmax", args, kwargs)
            x, axis = given["x"], given["dim"]
            largest = x.amax(axis, keepdim=True)
            powers = (x - largest).exp()
            return powers / (powers.sum(axis, keepdim=True) + more(largest))

        return call

    yield Family(
        ("softmax", "temperature"),
        lambda f: f"the scores are multiplied by {f:g} before softmax{theirs}",
        lambda f: of(lambda x: f / scale * x),
        0.01 * scale,
        100.0 * scale,
        scale,
    )
    yield Family(
        ("softmax", "more scores"),
        lambda n: f"{n:g} more scores of zero are in softmax's sum, as keys that only pad",
        lambda n: with_sum(lambda largest: n * largest.neg().exp()),
        0.3,
        1e5,
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
        lambda c: with_sum(lambda _: c),
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
            given,
            sign,
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
            given,
            sign,
        )


_GENERATORS: dict[str, Callable[[Called], Iterator[Family]]] = {
    "layer_norm": layer_norm_numbers,
    "group_norm": group_norm_numbers,
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
