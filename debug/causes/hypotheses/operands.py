"""What may have been done instead at one step of the reference."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import combinations
from typing import Any

from torch import Tensor

from debug.causes.hypotheses.functions import OTHER_PRECISIONS, mistakes, round_to
from debug.causes.segment import Segment
from debug.reference.recording import LAYOUTS, Replacement, Step, run_step

NAMED, MISTAKEN, FITTED = 0, 1, 2
"""Of two that explain as much the simpler one is first: a named mistake, then a value
taken for another, then a fitted number."""


@dataclass(frozen=True)
class Hypothesis:
    text: str
    calls: Mapping[int, Replacement] = field(default_factory=dict)
    """By the steps' results, what was done instead."""
    known: Mapping[int, Tensor] = field(default_factory=dict)
    """Known values that were others."""
    weight: str | None = None
    kind: int = NAMED
    operation: int | None = None
    """The candidate's operation whose value it accounts for."""
    swapped: tuple[str, ...] = ()
    """The layers whose calls it is about."""
    left_out: str | None = None
    """The layer that is passed over."""


def hypotheses_at(segment: Segment, step: Step) -> Iterator[Hypothesis]:
    recording = segment.recording
    for mistake in mistakes(step, recording):
        yield Hypothesis(mistake.text, {step.result: mistake.call}, weight=mistake.weight)
    for position, operand in enumerate(step.operands):
        if not recording.values[operand].is_floating_point():
            continue
        yield from _other_operands(segment, step, position, operand)
        yield from _extra_biases(segment, step, position, operand)
        yield from _narrowed_operands(segment, step, position, operand)
        made = recording.maker(operand)
        if made is not None:
            for mistake in mistakes(made, recording):
                changed = partial(_fed, position=position, made=made, call=mistake.call)
                call = partial(changed, step=step, segment=segment)
                yield Hypothesis(mistake.text, {step.result: call}, weight=mistake.weight)


def _fed(
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    position: int,
    made: Step,
    call: Replacement,
    step: Step,
    segment: Segment,
) -> Tensor:
    """A step with one operand made otherwise."""
    value = run_step(made, segment.recording.values, call)
    return _with_operand(step, segment, position, value)


def _otherwise(
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    step: Step,
    position: int,
    value: Tensor,
    segment: Segment,
) -> Tensor:
    return _with_operand(step, segment, position, value)


def _with_operand(step: Step, segment: Segment, position: int, value: Tensor) -> Tensor:
    values = list(segment.recording.values)
    values[step.operands[position]] = value
    return run_step(step, values)


def _other_operands(
    segment: Segment, step: Step, position: int, operand: int
) -> Iterator[Hypothesis]:
    """Another value of the same shape in an operand's place: of a weight's, a weight."""
    recording = segment.recording
    is_weight = operand in recording.weights
    for label, value in _alternatives(segment, operand):
        call = partial(_otherwise, step=step, position=position, value=value)
        call = partial(call, segment=segment)
        text = f"{label} in place of {recording.name(operand)}"
        weight = recording.names.get(operand) if is_weight else None
        origin = recording.origin(operand)
        left_out = next((n for n, i in recording.results.items() if i == origin), None)
        calls = {step.result: call}
        yield Hypothesis(text, calls, {}, weight, MISTAKEN, left_out=left_out)


def _extra_biases(
    segment: Segment, step: Step, position: int, operand: int
) -> Iterator[Hypothesis]:
    """A vector of the model's weights added to a known value."""
    recording = segment.recording
    if operand not in recording.known:
        return
    right = recording.values[operand]
    for name, weight in recording.all_weights.items():
        if weight.ndim == 1 and weight.shape[0] == right.shape[-1]:
            value = right + weight.double()
            call = partial(_otherwise, step=step, position=position, value=value)
            calls = {step.result: partial(call, segment=segment)}
            text = f"{name} is added to {recording.name(operand)}"
            yield Hypothesis(text, calls, weight=name)


def _narrowed_operands(
    segment: Segment, step: Step, position: int, operand: int
) -> Iterator[Hypothesis]:
    """One operand of a product or sum rounded to a narrower type."""
    recording = segment.recording
    if step.name in LAYOUTS:
        return
    for dtype in OTHER_PRECISIONS:
        value = round_to(recording.values[operand], dtype)
        call = partial(_otherwise, step=step, position=position, value=value)
        calls = {step.result: partial(call, segment=segment)}
        name = str(dtype).removeprefix("torch.")
        text = f"{recording.name(operand)} is rounded to {name}"
        weight = recording.names[operand] if operand in recording.weights else None
        yield Hypothesis(text, calls, weight=weight)


def _alternatives(segment: Segment, operand: int) -> Iterator[tuple[str, Tensor]]:
    recording = segment.recording
    right = recording.values[operand]
    if operand in recording.weights:
        for name, weight in segment.recording.all_weights.items():
            if name != recording.names[operand] and weight.shape == right.shape:
                yield name, weight.double()
        return
    before = [step.result for step in segment.steps]
    for index in [*sorted(recording.known), *before]:
        value = recording.values[index]
        if index != operand and value.shape == right.shape:
            yield recording.name(index), value


def other_values(segment: Segment, target: int) -> Iterator[Hypothesis]:
    """A known value in place of one that is handed on as it is."""
    recording = segment.recording
    for index in sorted(recording.known - {target}):
        value = recording.values[index]
        if value.shape == recording.values[target].shape:
            text = f"{recording.name(index)} in place of {recording.name(target)}"
            yield Hypothesis(text, known={target: value}, kind=MISTAKEN)


def exchanged(segment: Segment) -> Iterator[Hypothesis]:
    """Two layers' results taken for each other, and layers that are passed over."""
    recording = segment.recording
    values = recording.values
    used = {i for step in segment.steps for i in step.operands} | {segment.target.value}
    layers = {name: i for name, i in recording.results.items() if i in used}
    for (first, a), (second, b) in combinations(layers.items(), 2):
        if values[a].shape == values[b].shape and not _both_are_used_well(segment, a, b):
            text = f"{first} and {second} change places"
            swap = {a: values[b], b: values[a]}
            yield Hypothesis(text, known=swap, swapped=(first, second))
    for name, index in layers.items():
        fed = recording.fed.get(name)
        if fed is not None and values[fed].shape == values[index].shape:
            text = f"{name} is left out"
            yield Hypothesis(text, known={index: values[fed]}, left_out=name)


def _both_are_used_well(segment: Segment, a: int, b: int) -> bool:
    """Whether the candidate has a right value that is made of both."""
    made_of: dict[int, set[int]] = {a: {a}, b: {b}}
    for step in segment.steps:
        sources = set().union(*(made_of.get(i, set()) for i in step.operands))
        made_of[step.result] = sources
        if sources >= {a, b} and step.result in segment.have:
            return True
    return False
