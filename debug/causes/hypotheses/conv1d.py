"""The known mistakes of convolutions in one dimension."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import combinations, permutations
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from debug.causes.hypotheses.mistake import Called, Mistake, biases, named
from debug.causes.hypotheses.moved_slices import shifted
from debug.reference.recording import Replacement

MOST_TAPS = 5
"""Of a kernel whose taps may be taken for each other."""

Edit = Callable[[Tensor], Tensor]


def conv1d(called: Called) -> Iterator[Mistake]:
    with_arguments = partial(named, "conv1d")

    def conv(x: Tensor, **others: Any) -> Tensor:
        return F.conv1d(x, **others)

    def with_input(edit: Callable[[Tensor], Tensor]) -> Replacement:
        return with_arguments(lambda x, **others: conv(edit(x), **others))

    def with_weight(edit: Callable[[Tensor], Tensor]) -> Replacement:
        return with_arguments(
            lambda x, weight, **others: conv(x, weight=edit(weight), **others)
        )

    def with_bias(function: Callable[[Tensor, Tensor], Tensor]) -> Replacement:
        def biased(x: Tensor, bias: Tensor, **others: Any) -> Tensor:
            return function(conv(x, **others), bias[:, None])

        return with_arguments(biased)

    def padded(front: int, behind: int, mode: str = "constant") -> Replacement:
        def pad(x: Tensor, padding: Any, **others: Any) -> Tensor:
            sides = front * _first(padding), behind * _first(padding)
            return conv(F.pad(x, sides, mode), padding=0, **others)

        return with_arguments(pad)

    weight, bias = called.weight(1, "weight"), called.weight(2, "bias")
    if called.has_bias:
        yield from biases(bias, with_bias)
        if (taps := called.sizes[1][2]) > 2:
            every = with_bias(lambda y, b: y + taps * b)
            text = f"{bias} is added {taps} times, once with every tap"
            key = ("added with every tap", bias)
            yield Mistake(key, text, every, bias, adds=True)
    text, flipped = "the kernel is flipped", with_weight(lambda w: w.flip(-1))
    yield Mistake(("flipped",), text, flipped, weight)
    for side, sides in (("in front", (2, 0)), ("behind", (0, 2))):
        text = f"the convolution is padded {side} only, PyTorch's on both sides"
        yield Mistake(("padded", side), text, padded(*sides))
    for by in (1, -1):
        text = f"the convolution's input is shifted by {by:+d}"
        moved = with_input(partial(shifted, by=by, axis=-1))
        yield Mistake(("input shifted", by), text, moved)
    for mode in ("replicate", "reflect", "circular"):
        text = f"the convolution is padded by {mode}"
        yield Mistake(("padded", mode), text, padded(1, 1, mode))
    for by in (1, -1):
        text = "the taps of the kernel are rotated"
        rotated = with_weight(lambda w, by=by: w.roll(by, -1))
        yield Mistake(("taps rotated", by), text, rotated, weight)
    for tap in range(called.sizes[1][2]):
        text = f"tap {tap} of the kernel is left out"
        without = with_weight(lambda w, tap=tap: _without(w, tap))
        yield Mistake(("tap left out", tap), text, without, weight)
    yield from _taps_exchanged(called.sizes[1][2], weight, with_weight)
    if called.sizes[1][0] == called.sizes[1][1]:
        text = f"{weight} has its channels transposed"
        transposed = with_weight(lambda w: w.transpose(0, 1))
        yield Mistake(("channels transposed", weight), text, transposed, weight)


def _taps_exchanged(
    count: int, weight: str, with_weight: Callable[[Edit], Replacement]
) -> Iterator[Mistake]:
    """One tap's numbers in the place of another's, or one that reads another's frame."""

    def copied(w: Tensor, to: int, of: int) -> Tensor:
        w = w.clone()
        w[..., to] = w[..., of]
        return w

    def added(w: Tensor, to: int, of: int) -> Tensor:
        w = w.clone()
        w[..., to] += w[..., of]
        w[..., of] = 0
        return w

    for one, other in combinations(range(min(count, MOST_TAPS)), 2):
        order = [other if n == one else one if n == other else n for n in range(count)]
        text = f"taps {one} and {other} of the kernel change places"
        exchanged = with_weight(lambda w, order=order: w[..., order])
        if order != list(range(count))[::-1]:  # which is flipped
            yield Mistake(("taps exchanged", one, other), text, exchanged, weight)
    for to, of in permutations(range(min(count, MOST_TAPS)), 2):
        text = f"tap {of} of the kernel in place of tap {to}"
        instead = with_weight(partial(copied, to=to, of=of))
        yield Mistake(("tap for", to, of), text, instead, weight)
        text = f"tap {of} of the kernel reads the frame of tap {to}"
        elsewhere = with_weight(partial(added, to=to, of=of))
        yield Mistake(("tap reads", to, of), text, elsewhere, weight)


def _first(padding: Any) -> int:
    return padding[0] if isinstance(padding, tuple | list) else padding


def _without(weight: Tensor, tap: int) -> Tensor:
    weight = weight.clone()
    weight[..., tap] = 0
    return weight
