"""The known mistakes of a group norm, which ports write out.

The channels are divided into groups of neighbours, and each group of each sample is made to
a mean of 0 and a variance of 1, over all its channels and positions; then each channel has
a weight and a bias. So it is a layer norm of another shape, with that one's mistakes, and
what is its own is which numbers make a group.
"""

from collections.abc import Callable, Iterator
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from debug.causes.hypotheses.family import Family
from debug.causes.hypotheses.layer_norm import (
    EPSILONS,
    Axes,
    Written,
    other_epsilon,
    other_statistics,
    scaled,
)
from debug.causes.hypotheses.mistake import Called, Mistake, named
from debug.reference.pytorch_functions import by_name
from debug.reference.recording import Replacement

Normed = Callable[[Tensor, int, float], Tensor]
"""What makes the norm without weight and bias, of x (samples, channels, positions), the
number of groups and epsilon."""


def group_norm(called: Called) -> Iterator[Mistake]:
    given = by_name("group_norm", called.step.args, called.step.kwargs)
    own, groups, channels = given["eps"], given["num_groups"], called.sizes[0][1]
    for epsilon in (each for each in EPSILONS if each != own):
        other = _with(lambda x, g, _, new=epsilon: _plain(x, g, new))
        yield other_epsilon(epsilon, own, other)
    yield from _left_out(called)
    yield from _other_groups(groups, channels)
    for key, text, written in other_statistics():
        yield Mistake(("group norm", *key), text, _with(_grouped(written)))
    text = "it is divided by the variance instead of its root"
    yield Mistake(("variance for root",), text, _with(_grouped(_by_variance)))
    text = "the group norm is left out"
    yield Mistake(("left out", "group norm"), text, lambda args, _: args[0])


def group_norm_numbers(called: Called) -> Iterator[Family]:
    own = by_name("group_norm", called.step.args, called.step.kwargs)["eps"]
    yield Family(
        ("epsilon",),
        lambda e: f"epsilon is {e:g}, PyTorch's is {own:g}",
        lambda e: _with(lambda x, groups, _: _plain(x, groups, e)),
        1e-13,
        10.0,
        own,
    )


def _other_groups(groups: int, channels: int) -> Iterator[Mistake]:
    for other in range(1, channels + 1):
        if channels % other or other == groups:
            continue
        said = {1: "all channels are one group", channels: "each channel is a group"}
        text = said.get(other, f"the channels are in {other} groups")
        by = _with(lambda x, _, eps, other=other: _plain(x, other, eps))
        text = f"{text}, PyTorch has {groups}"
        yield Mistake(("groups", other), text, by, right=groups, wrong=other)
    text = f"a group has every {groups}th channel instead of neighbours"
    yield Mistake(("groups", "in turn"), text, _with(_in_turn))
    text = "each position is normalised by itself, over its channels"
    yield Mistake(("groups", "by position"), text, _with(_by_position))
    text = "each position of a group is normalised by itself"
    yield Mistake(("groups", "by group and position"), text, _with(_by_group_and_position))


def _left_out(called: Called) -> Iterator[Mistake]:
    weight, bias = called.weight(2, "weight"), called.weight(3, "bias")
    factors = {
        f"{weight} is left out": (0.0, 1.0),
        f"{bias} is left out": (1.0, 0.0),
        f"{bias} is added twice": (1.0, 2.0),
        f"{bias} is subtracted": (1.0, -1.0),
        "the norm's weight and bias are left out": (0.0, 0.0),
    }
    for text, (of_weight, of_bias) in factors.items():
        by = _with(_plain, keeps_weight=bool(of_weight), bias_times=of_bias)
        about = bias if of_weight else weight
        yield Mistake(("group norm", text), text, by, about, adds=bool(of_weight))


def _with(
    normed: Normed, keeps_weight: bool = True, bias_times: float = 1.0
) -> Replacement:
    """With another norm before the weight and the bias."""

    def call(x: Tensor, num_groups: int, weight: Any, bias: Any, eps: float) -> Tensor:
        y = normed(x.flatten(2), num_groups, eps).reshape(x.shape)
        across = (-1, *[1] * (x.ndim - 2))
        own = weight.view(across) if keeps_weight and weight is not None else None
        shift = bias_times * bias.view(across) if bias is not None else None
        return scaled(y, own, shift if bias_times else None)

    return named("group_norm", call)


def _plain(x: Tensor, groups: int, eps: float) -> Tensor:
    return F.group_norm(x, groups, eps=eps)


def _grouped(written: Written) -> Normed:
    axes: Axes = (-1,)
    return lambda x, groups, eps: written(
        x.reshape(len(x), groups, -1), axes, None, None, eps
    ).reshape(x.shape)


def _by_variance(x: Tensor, axes: Axes, _: Any, __: Any, eps: float) -> Tensor:
    centred = x - x.mean(axes, keepdim=True)
    return centred / (centred.square().mean(axes, keepdim=True) + eps)


def _in_turn(x: Tensor, groups: int, eps: float) -> Tensor:
    n, channels, positions = x.shape
    ordered = x.reshape(n, channels // groups, groups, positions).transpose(1, 2)
    y = _plain(ordered.reshape(x.shape), groups, eps)
    y = y.reshape(n, groups, channels // groups, positions).transpose(1, 2)
    return y.reshape(x.shape)


def _by_position(x: Tensor, _: int, eps: float) -> Tensor:
    return F.layer_norm(x.mT, x.shape[1:2], eps=eps).mT


def _by_group_and_position(x: Tensor, groups: int, eps: float) -> Tensor:
    n, channels, positions = x.shape
    parts = x.reshape(n, groups, channels // groups, positions).mT
    y = F.layer_norm(parts, parts.shape[-1:], eps=eps)
    return y.mT.reshape(x.shape)
