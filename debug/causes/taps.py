"""A convolution as a sum of its taps and its bias, each of which may be in it otherwise.

Each frame of the result is w0 x(t - 1) + w1 x(t) + w2 x(t + 1) + b. A port that computes
one product a tap and adds them up may have a wrong sign, leave one out, or have one twice,
and two of these in one line ::

    left + middle - right + 2 * self.bias       instead of     left + middle + right + bias

How often each term is in the candidate's value is told by least squares.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from debug.causes.counterparts import Counterpart
from debug.causes.hypotheses.operands import Hypothesis, Kind
from debug.causes.segment import Segment
from debug.measure.matching import share_explained
from debug.reference.pytorch_functions import by_name
from debug.reference.recording import Ref, Step, made_by

MOST_TAPS = 7
EXPLAINS = 0.99
"""The share of the error from which the terms are named."""
EXACTLY = 1e-3
"""How far a count may be from one that is not said."""
VERBS: Mapping[float, str] = {-1: "subtracted", 0: "left out", 2: "added twice"}


def other_taps(
    segment: Segment, step: Step, counterparts: Sequence[Counterpart]
) -> Iterator[Hypothesis]:
    """How often each tap and the bias are in what the candidate has for a convolution."""
    if step.name != "conv1d":
        return
    given = by_name(step.name, step.args, step.kwargs)
    weight, bias = given["weight"], given["bias"]
    if not isinstance(weight, Ref):
        return
    taps = segment.recording.values[weight.index].shape[-1]
    if not 1 < taps <= MOST_TAPS:
        return
    names = [f"tap {number} of the kernel" for number in range(taps)]
    if isinstance(bias, Ref):
        names.append(segment.recording.name(bias.index))
    exact = segment.pool[step.result].value
    made = made_by(step, segment.recording.values, lambda a, k: _terms(step, a, k))
    if made is None:
        return
    terms = made.flatten(1).double()
    for counterpart in counterparts:
        segment.pause()
        counts = torch.linalg.lstsq(terms.T, counterpart.value.reshape(-1, 1)).solution
        counts = [_short(count) for count in counts.flatten().tolist()]
        supposed = (torch.tensor(counts).to(terms) @ terms).reshape(exact.shape)
        if share_explained(counterpart.value, exact, supposed) < EXPLAINS:
            continue
        text = _said(names, counts)
        yield Hypothesis(
            text,
            frozenset({("terms", text)}),
            {step.result: lambda a, k, c=counts: _summed(step, c, a, k)},
            kind=Kind.FITTED,
            operation=counterpart.operation,
        )


def _terms(step: Step, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Tensor:
    """Of the sum, one after the other; the bias, if there is one, is the last."""
    given = by_name(step.name, args, kwargs)
    x, weight, bias = given.pop("x"), given.pop("weight"), given.pop("bias")
    found = []
    for tap in range(weight.shape[-1]):
        alone = torch.zeros_like(weight)
        alone[..., tap] = weight[..., tap]
        found.append(step.function(x, alone, None, **given))
    if bias is not None:
        found.append(bias[:, None].expand(found[0].shape))
    return torch.stack(found)


def _summed(
    step: Step, counts: Sequence[float], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Tensor:
    return torch.tensordot(torch.tensor(counts).to(args[0]), _terms(step, args, kwargs), 1)


def _short(count: float) -> float:
    return round(count) if abs(count - round(count)) <= EXACTLY else count


def _said(names: Sequence[str], counts: Sequence[float]) -> str:
    """Such as "tap 2 of the kernel is subtracted, and conv1.bias is added twice"."""
    others = zip(names, counts, strict=True)
    return ", and ".join(
        f"{name} is {VERBS.get(count) or f'multiplied by {count:.4g}'}"
        for name, count in others
        if count != 1
    )
