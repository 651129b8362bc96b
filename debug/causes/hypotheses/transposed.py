"""The known mistakes of transposed convolutions, as vocoders have them."""

from collections.abc import Callable, Iterator
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from debug.causes.hypotheses.mistake import Called, Mistake, biases, named
from debug.reference.recording import Replacement

Edit = Callable[[Tensor], Tensor]


def conv_transpose1d(called: Called) -> Iterator[Mistake]:
    name = "conv_transpose1d"

    def with_weight(edit: Edit) -> Replacement:
        return named(name, lambda x, weight, **o: F.conv_transpose1d(x, edit(weight), **o))

    def with_bias(function: Callable[[Tensor, Tensor], Tensor]) -> Replacement:
        def call(x: Tensor, bias: Tensor, **others: Any) -> Tensor:
            return function(F.conv_transpose1d(x, **others), bias[:, None])

        return named(name, call)

    def cut(by: int) -> Replacement:
        def call(x: Tensor, padding: Any, **others: Any) -> Tensor:
            (front,) = padding if isinstance(padding, tuple | list) else (padding,)
            right = F.conv_transpose1d(x, padding=padding, **others)
            whole = F.conv_transpose1d(x, padding=0, **others)
            return whole.narrow(-1, front + by, right.shape[-1])

        return named(name, call)

    weight = called.weight(1, "weight")
    if called.has_bias:
        yield from biases(called.weight(2, "bias"), with_bias)
    text, flipped = "the kernel is flipped", with_weight(lambda w: w.flip(-1))
    yield Mistake(("flipped",), text, flipped, weight)
    taps = called.sizes[1][2]
    if taps % 2 == 0:
        half = taps // 2
        text = "the halves of the kernel change places"
        turned = with_weight(lambda w: w.roll(half, -1))
        yield Mistake(("halves exchanged",), text, turned, weight)
        for which, start in (("first", 0), ("second", half)):
            text = f"the {which} half of the kernel's taps is left out"
            without = with_weight(_without(start, half))
            yield Mistake(("half left out", which), text, without, weight)
    for by in (1, -1):
        text = f"the result is cut {abs(by)} {'later' if by > 0 else 'earlier'} in front"
        yield Mistake(("cut", by), text, cut(by))


def _without(start: int, count: int) -> Edit:
    def edit(weight: Tensor) -> Tensor:
        weight = weight.clone()
        weight[..., start : start + count] = 0
        return weight

    return edit
