"""A mask with another number than PyTorch's: one that hides too little, or nothing.

What a query must not see is given minus infinity, the lowest number of a type or some
-10,000 before the softmax. A port that adds -1 there, or puts -1 there, hides almost
nothing; one that adds 1e9 shows nothing else. Which number it is stands in the candidate's
own mask, a value of zeros and that number, or wherever the reference's value is hidden.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from debug.causes.hypotheses.attention import HIDDEN, mask_name
from debug.causes.hypotheses.operands import Hypothesis
from debug.causes.segment import Segment
from debug.measure.matching import MASKED, in_shape_of
from debug.reference.recording import Recording, Ref, Replacement, Step

ALIKE = 1e-5
"""Numbers that differ by less, beside the largest, are one number."""
MOST_NUMBERS = 4


@dataclass(frozen=True)
class Masking:
    """A step that hides a part of a value."""

    step: Step
    x: int
    """Which of the step's arguments it is."""
    hidden: Tensor
    """Where, in the shape of the result."""
    name: str
    lowest: float
    """What stands there, or is added."""

    @property
    def said(self) -> str:
        """The number as the source has it; how low a type goes depends on where it runs."""
        is_types = -MASKED > self.lowest > float("-inf")
        return "finfo.min" if is_types else f"{self.lowest:g}"

    def with_number(self, number: float, added: bool) -> Replacement:
        def call(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Tensor:
            x = args[self.x].expand(self.hidden.shape)
            return torch.where(self.hidden, x + number if added else number, x)

        return call


def masking_of(step: Step, recording: Recording) -> Masking | None:
    """What a step hides; None if it is not what it does."""
    values = [
        recording.values[arg.index] if isinstance(arg, Ref) else arg for arg in step.args
    ]
    shape = recording.values[step.result].shape
    match step.name, values:
        case "masked_fill", [Tensor(), Tensor() as mask, lowest]:
            found = 0, 1, mask, lowest
        case "where", [Tensor() as seen, Tensor(), lowest] if _is_lowest(lowest):
            found = 1, 0, ~seen.bool(), lowest
        case "where", [Tensor() as mask, lowest, Tensor()] if _is_lowest(lowest):
            found = 2, 0, mask.bool(), lowest
        case "add" | "iadd", [Tensor() as one, Tensor() as other]:
            if _is_mask(other):
                found = 0, 1, other <= HIDDEN, other.min()
            elif _is_mask(one):
                found = 1, 0, one <= HIDDEN, one.min()
            else:
                return None
        case _:
            return None
    x, mask, hidden, lowest = found
    named = step.args[mask]
    assert isinstance(named, Ref)
    name = mask_name(named.index, recording)
    return Masking(step, x, hidden.expand(shape), name, float(lowest))


def _is_lowest(value: Any) -> bool:
    return (not isinstance(value, Tensor) or value.numel() == 1) and float(value) <= HIDDEN


def _is_mask(value: Tensor) -> bool:
    """Zeros, and numbers far below any score."""
    hidden = value <= HIDDEN
    return bool(hidden.any() and (hidden | (value == 0)).all())


def other_masks(segment: Segment) -> Iterator[Hypothesis]:
    """Another number where the reference's code hides something."""
    for step in segment.lacking:
        segment.pause()
        masking = masking_of(step, segment.recording)
        if masking is None or not masking.hidden.any():
            continue
        numbers = [("adds", each) for each in _added(segment, masking)]
        numbers += [("puts", each) for each in _put(segment, masking)]
        for verb, number in numbers:
            yield Hypothesis(
                f"{masking.name} {verb} {number:.6g} where it hides, "
                f"PyTorch's {masking.said}",
                frozenset({("mask", verb, number)}),
                {step.result: masking.with_number(number, verb == "adds")},
            )


def _added(segment: Segment, masking: Masking) -> list[float]:
    """The numbers that values of the candidate have beside zero, and no others."""
    found: dict[float, None] = {}
    for op in segment.operations:
        if 1 < op.value.numel() <= masking.hidden.numel() and op.finite:
            values = op.numbers
            low, high = values.min().item(), values.max().item()
            both = bool(((values == low) | (values == high)).all())
            if both and low != high and 0.0 in (low, high):
                found[low + high] = None
    return list(found)[-MOST_NUMBERS:]


def _put(segment: Segment, masking: Masking) -> list[float]:
    """The one number that a value of the candidate has wherever it should be hidden."""
    exact = segment.recording.values[masking.step.result]
    hidden, found = masking.hidden.squeeze(), dict[float, None]()
    for op in segment.operations:
        laid = in_shape_of(op.value, exact) if op.from_input and op.finite else None
        if laid is None:
            continue
        there = laid[hidden]
        least, most = there.min().item(), there.max().item()
        if most - least <= ALIKE * abs(most) and most:
            found[most] = None
    return list(found)[-MOST_NUMBERS:]
