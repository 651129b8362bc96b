"""Norms that PyTorch's code writes out: x / sqrt(mean(x^2) + eps), as Llama and T5 do.

No step is the norm, so it is known by its numbers: a product whose one operand x has rows
and whose result is x, perhaps less its mean, divided by the root of its mean square in each
row. What may have been done instead is another norm.
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from debug.causes.hypotheses.mistake import Key, always
from debug.reference.recording import Recording, Replacement, Step, ValueId

TOLERANCE = 1e-4
"""How far, relatively, a written norm is from the bare one: an epsilon is in it."""
PRODUCTS = ("mul", "truediv", "div")
ANY_EPSILON = 1e-6

Norm = Callable[[Tensor], Tensor]


def _rms(x: Tensor) -> Tensor:
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + ANY_EPSILON)


def _centred(x: Tensor) -> Tensor:
    return _rms(x - x.mean(-1, keepdim=True))


NORMS: dict[str, Norm] = {"RMS norm": _rms, "layer norm": _centred}


def written_norms(
    steps: Sequence[Step], recording: Recording
) -> Iterator[tuple[Key, str, dict[ValueId, Replacement]]]:
    """For each norm that the steps write out, what may have been done instead."""
    for step in steps:
        for name, source in _norms_of(step, recording):
            x = recording.values[source]
            others = {f"{other} instead of {name}": f(x) for other, f in NORMS.items()}
            del others[f"{name} instead of {name}"]
            others[f"the {name} is left out"] = x
            mean_square = x.square().mean(-1, keepdim=True)
            others[f"the {name} divides by the mean square, not its root"] = x / mean_square
            size = x.norm(dim=-1, keepdim=True)
            others[f"the {name} divides by the length, not the root of the mean"] = x / size
            for text, value in others.items():
                yield ("written norm", text), text, {step.result: always(value)}


def _norms_of(step: Step, recording: Recording) -> Iterator[tuple[str, ValueId]]:
    """The norms that a step completes, each with the value that it is of."""
    made = recording.values[step.result]
    if step.name not in PRODUCTS or len(step.operands) != 2 or made.ndim < 2:
        return
    if step.operands[0] in recording.weights or step.operands[1] in recording.weights:
        return
    for operand in step.operands:
        x = recording.values[operand]
        if x.shape != made.shape or made.shape[-1] < 2:
            continue
        if _same(_rms(x), made):
            source = _before_its_mean(operand, recording)
            yield ("RMS norm", operand) if source is None else ("layer norm", source)


def _before_its_mean(value: ValueId, recording: Recording) -> ValueId | None:
    """The value that another one is without its rows' means."""
    made = recording.maker(value)
    if made is None or made.name != "sub":
        return None
    source = made.operands[0]
    x = recording.values[source]
    is_centred = _same(x - x.mean(-1, keepdim=True), recording.values[value])
    return source if is_centred else None


def _same(one: Tensor, other: Tensor) -> bool:
    if one.shape != other.shape:
        return False
    return (one - other).norm().item() <= TOLERANCE * other.norm().item()
