"""The numbers of a layer norm that may be wrong: epsilon, a count, an exponent, a limit."""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from debug.causes.hypotheses.family import Family
from debug.causes.hypotheses.layer_norm import scaled
from debug.causes.hypotheses.mistake import Called, named
from debug.reference.pytorch_functions import by_name
from debug.reference.recording import Replacement


def layer_norm_numbers(called: Called) -> Iterator[Family]:
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
    yield Family(("epsilon",), text, other, 1e-13, 1e7, own)
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
        ("epsilon", "added to the inverse"),
        lambda e: f"epsilon, {e:g}, is added to the root's inverse instead of under it",
        lambda e: by_hand(lambda variance: 1 / (variance.rsqrt() + e)),
        1e-9,
        0.1,
    )
    yield Family(
        ("epsilon", "added to the quotient"),
        lambda e: f"epsilon, {e:g}, is added to the quotient instead of under the root",
        _with_epsilon_behind,
        1e-9,
        0.1,
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
        lambda e: by_hand(
            lambda variance: (variance * (size / max(size - 1, 1)) + e).sqrt()
        ),
        1e-13,
        10.0,
    )
    yield from _divisors(size)
    yield Family(
        ("norm", "power"),
        lambda p: f"it is divided by the variance to the power of {p:g}, not by its root",
        lambda p: _divided(lambda variance, eps: (variance + eps) ** p),
        0.02,
        5.0,
    )
    yield Family(
        ("norm", "limited"),
        lambda c: f"what was normalised is limited to {c:g} on either side",
        lambda c: _divided(lambda variance, eps: (variance + eps).sqrt(), limit=c),
        1e-2,
        1e2,
    )


def _divided(
    divisor: Callable[[Tensor, float], Tensor], means: float = 1.0, limit: float = math.inf
) -> Replacement:
    """By something of the variance and epsilon, after ``means`` times the mean was
    subtracted, and limited before the weight comes in."""

    def normed(
        x: Tensor, normalized_shape: Sequence[int], weight: Any, bias: Any, eps: float
    ) -> Tensor:
        axes = tuple(range(-len(normalized_shape), 0))
        centred = x - means * x.mean(axes, keepdim=True)
        y = centred / divisor(centred.square().mean(axes, keepdim=True), eps)
        return scaled(y.clamp(-limit, limit), weight, bias)

    return named("layer_norm", normed)


def _with_epsilon_behind(epsilon: float) -> Replacement:
    def normed(
        x: Tensor, normalized_shape: Sequence[int], weight: Any, bias: Any, eps: float
    ) -> Tensor:
        return scaled(F.layer_norm(x, normalized_shape, eps=0.0) + epsilon, weight, bias)

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
            size,
        )
