"""Rotary position embeddings: queries and keys that are turned otherwise.

A checkpoint is trained with one choice of pairs (`debug.causes.hypotheses.rotary`), and a
port with the other runs, and talks nonsense.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from debug.candidate.operations import OperationIndex
from debug.causes.hypotheses.mistake import always
from debug.causes.hypotheses.operands import Hypothesis
from debug.causes.hypotheses.rotary import (
    Pairs,
    Rotation,
    laid_out_for,
    partners,
    rotated,
    rotations,
)
from debug.causes.segment import Segment
from debug.measure.matching import distance, in_shape_of, norm_of
from debug.protocol.verdict import LAYER
from debug.reference.pytorch_functions import LAYOUTS
from debug.reference.recording import Recording, Step

Turn = Callable[[Tensor, Tensor, Tensor, Pairs], Tensor]
"""Makes something of x, cos and sin, and the pairs of the reference."""


def _other_pairs(x: Tensor, cos: Tensor, sin: Tensor, pairs: Pairs) -> Tensor:
    return rotated(x, cos, sin, pairs.others)


def _other_angles(x: Tensor, cos: Tensor, sin: Tensor, pairs: Pairs) -> Tensor:
    cos, sin = laid_out_for(pairs.others, cos), laid_out_for(pairs.others, sin)
    return rotated(x, cos, sin, pairs)


def _other_pairs_and_angles(x: Tensor, cos: Tensor, sin: Tensor, pairs: Pairs) -> Tensor:
    cos, sin = laid_out_for(pairs.others, cos), laid_out_for(pairs.others, sin)
    return rotated(x, cos, sin, pairs.others)


WAYS: dict[str, tuple[str, Turn]] = {
    "left out": ("{it} is left out", lambda x, cos, sin, pairs: x),
    "twice": (
        "{it} is applied twice",
        lambda x, c, s, pairs: rotated(rotated(x, c, s, pairs), c, s, pairs),
    ),
    "own channel": (
        "{it} takes each channel itself, not the other one of its pair",
        lambda x, c, s, pairs: x * c + x * _signs(x, pairs) * s,
    ),
    "other way": (
        "{it} turns the other way: the sine has the other sign",
        lambda x, cos, sin, pairs: rotated(x, cos, -sin, pairs),
    ),
    "exchanged": (
        "cosine and sine of {it} change places",
        lambda x, cos, sin, pairs: rotated(x, sin, cos, pairs),
    ),
    "without a minus": (
        "{it} lacks the minus of the second channel of each pair",
        lambda x, c, s, pairs: x * c + partners(x, pairs) * _signs(x, pairs) * s,
    ),
    "other pairs": ("{it} pairs {wrong}, PyTorch's pairs {right}", _other_pairs_and_angles),
    "other pairs alone": (
        "{it} pairs {wrong}, with angles in the order for {right}",
        _other_pairs,
    ),
    "other angles alone": (
        "the angles of {it} are in the order for {wrong}, and the pairs are {right}",
        _other_angles,
    ),
}
"""What people do instead."""


def _signs(x: Tensor, pairs: Pairs) -> Tensor:
    return partners(torch.ones_like(x), pairs)


def turned_otherwise(segment: Segment) -> Iterator[Hypothesis]:
    """What may be done in place of all rotations, or of one: what makes a value that the
    candidate has is first."""
    recording = segment.recording
    found = rotations(segment.steps, recording)
    if not found:
        return
    proposed = [
        hypothesis
        for kind, (text, turn) in WAYS.items()
        for hypothesis in _in_place_of(found, kind, text, turn, segment)
    ]
    yield from sorted(proposed, key=lambda each: each.operation is None)
    yield from _turned_as_well(found, segment.steps, recording)


def _in_place_of(
    found: Sequence[Rotation], kind: str, text: str, turn: Turn, segment: Segment
) -> Iterator[Hypothesis]:
    """One mistake in all rotations, then in each alone."""
    recording, values = segment.recording, segment.recording.values
    pairs = {"right": found[0].pairs.value, "wrong": found[0].pairs.others.value}
    made = [turn(values[each.x], each.cos, each.sin, each.pairs) for each in found]
    replaced = {
        each.step.result: always(value) for each, value in zip(found, made, strict=True)
    }
    seen = operation_that_makes(made[0], segment) if kind != "left out" else None
    whole = text.format(it="the rotation", **pairs)
    yield Hypothesis(whole, frozenset({("rotation", kind)}), replaced, operation=seen)
    for each, value in zip(found, made, strict=True) if len(found) > 1 else ():
        name = recording.name(each.x)
        yield Hypothesis(
            text.format(it=f"the rotation of {name}", **pairs),
            frozenset({("rotation", kind, name)}),
            {each.step.result: always(value)},
        )


def operation_that_makes(value: Tensor, segment: Segment) -> OperationIndex | None:
    """The candidate's, if one makes that value in its own or another layout."""
    limit = LAYER.watch_up_to * segment.goal.floor * norm_of(value)
    for index, op in enumerate(segment.operations):
        if op.from_input and op.value.numel() == value.numel() and op.finite:
            laid = in_shape_of(op.numbers, value.squeeze())
            if laid is not None and distance(laid, value.squeeze()) <= limit:
                return OperationIndex(index)
    return None


def _turned_as_well(
    found: Sequence[Rotation], steps: Sequence[Step], recording: Recording
) -> Iterator[Hypothesis]:
    """A value that PyTorch does not turn, such as attention's."""
    values, one = recording.values, found[0]
    turned = {recording.origin(i) for each in found for i in (each.x, each.step.result)}
    multiplied = {i for each in steps if each.name == "matmul" for i in each.operands}
    for step in steps:
        may_be = step.name in LAYOUTS or step.result in multiplied
        is_turned = recording.origin(step.result) in turned
        fits = one.can_turn(values[step.result])
        if may_be and fits and not is_turned:
            name = recording.name(step.result)
            then = partial(_then, step, one.turned)
            text = f"{name} is rotated as well"
            key = "rotation", "as well", name
            yield Hypothesis(text, frozenset({key}), {step.result: then}, extra=True)


def _then(
    step: Step,
    turn: Callable[[Tensor], Tensor],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
) -> Tensor:
    return turn(step.function(*args, **kwargs))
