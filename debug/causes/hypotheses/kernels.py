"""A matrix or a kernel that is reshaped where its axes are to change places.

PyTorch has a kernel as (out, in, taps), another framework as (taps, in, out), and a port
that computes a convolution as one product flattens two of its axes. Numbers that lie in one
order of axes and are read in another are as many as they should be, so nothing complains.
How they lie is seen in what the candidate makes of the kernel.
"""

from collections.abc import Iterator
from itertools import permutations

import torch
from torch import Tensor

from debug.causes.hypotheses.operands import Hypothesis
from debug.causes.segment import Segment

RANKS = (2, 3, 4)


def reshaped_kernels(segment: Segment) -> Iterator[Hypothesis]:
    """Every order of axes in which a weight may be read instead of the one it lies in."""
    recording = segment.recording
    used = dict.fromkeys(i for step in segment.lacking for i in step.operands)
    for weight in used:
        right = recording.values[weight]
        if weight not in recording.weights or right.ndim not in RANKS:
            continue
        name, tried = recording.name(weight), [right]
        if right.ndim == 2 and right.shape[0] == right.shape[1]:
            tried.append(right.T)  # which has a simpler name
        for lies in _orders(segment, right):
            for read in permutations(range(right.ndim)):
                segment.pause()
                shape = [right.shape[axis] for axis in read]
                back = [read.index(axis) for axis in range(right.ndim)]
                other = right.permute(lies).reshape(shape).permute(back)
                if any(torch.equal(other, each) for each in tried):
                    continue
                tried.append(other)
                text = (
                    f"{name} lies with its axes in the order {lies} and is read in "
                    f"{read}: it is reshaped where axes should change places"
                )
                if right.ndim == 2:
                    text = f"{name} is reshaped where it should be transposed"
                yield Hypothesis(
                    text,
                    frozenset({("kernel", *lies, "read", *read)}),
                    replaced_values={weight: other},
                    weight=name,
                    laid_out=(weight,),
                )


def _orders(segment: Segment, right: Tensor) -> list[tuple[int, ...]]:
    """Those in which values of the candidate have the same numbers, and PyTorch's."""
    orders = [*permutations(range(right.ndim))]
    laid = {order: right.permute(order).flatten() for order in orders}
    found = dict[tuple[int, ...], None]()
    for op in segment.operations:
        if not op.from_input and op.value.numel() == right.numel() and op.finite:
            value = op.numbers.double().flatten()
            found |= {o: None for o in orders if torch.allclose(laid[o], value)}
    return list(found | {orders[0]: None})
