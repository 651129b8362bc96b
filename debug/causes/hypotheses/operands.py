"""Hypotheses at one recorded step of the reference: what may have been done instead there.

They are the known mistakes of the step's function, those of the step that made an operand,
and those about the operands themselves: another value of the same shape, a bias too many,
an operand in fewer bits.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten, tree_leaves, tree_unflatten

from debug.candidate.operations import OperationIndex
from debug.causes.hypotheses.activations import mistaken, written_out
from debug.causes.hypotheses.functions import mistakes
from debug.causes.hypotheses.mistake import Key, Mistake, always
from debug.causes.hypotheses.precision import OTHER_PRECISIONS, round_to
from debug.causes.segment import Segment
from debug.protocol.values import Said
from debug.reference.pytorch_functions import LAYOUTS
from debug.reference.recording import Ref, Replacement, Step, ValueId, run_step


class Kind(IntEnum):
    """Of two hypotheses that explain as much, the simpler one is first."""

    NAMED = 0
    """A mistake that has a name."""
    MISTAKEN = 1
    """A value taken for another."""
    FITTED = 2
    """A number that was fitted to the error."""
    VAGUE = 3
    """Many numbers that were fitted to the error."""


@dataclass(frozen=True)
class Hypothesis:
    text: str
    keys: frozenset[Key]
    """What was done; equal for the same mistake at two steps. Several for a combination."""
    replaced_steps: Mapping[ValueId, Replacement] = field(default_factory=dict)
    """By the steps' results, what was done instead."""
    replaced_values: Mapping[ValueId, Tensor] = field(default_factory=dict)
    """Given values that were others."""
    weight: str | None = None
    kind: Kind = Kind.NAMED
    operation: OperationIndex | None = None
    """The candidate's operation whose value it accounts for."""
    made_at: OperationIndex | None = None
    """The candidate's operation that makes the wrong value, where weights alone make it."""
    swapped: tuple[str, ...] = ()
    """The layers whose calls it is about."""
    left_out: str | None = None
    """The layer that is passed over."""
    takes: ValueId | None = None
    """The reference's value that is used where it does not belong."""
    instead_of: ValueId | None = None
    """The one that belongs there."""
    adds: bool = False
    """Whether it makes the same difference whatever else is wrong in its step."""
    done: str | None = None
    """What was done to a value, in the same words whatever the value is called."""
    extra: bool = False
    """Whether it is a step that the reference has not: right in itself, wrong there."""
    laid_out: tuple[ValueId, ...] = ()
    """The weights that it lays out otherwise."""
    weights_of: str | None = None
    """The layer whose weights are taken for another's."""
    right: Said = None
    """What PyTorch has, where another number or name was taken for it."""
    wrong: Said = None
    """What was taken."""

    @property
    def about(self) -> str | None:
        """What was done, in a word or two; None where several things were."""
        words = {str(key[0]) for key in self.keys}
        return words.pop() if len(self.keys) == 1 else None


NOTHING = Hypothesis("", frozenset())


def hypotheses_at(segment: Segment, step: Step) -> Iterator[Hypothesis]:
    """What may have been done instead at a step."""
    recording = segment.recording
    for mistake in mistakes(step, recording):
        yield of_mistake(mistake, step)
    yield from _another_layers_weights(segment, step)
    for position, operand in enumerate(step.operands):
        if recording.values[operand].is_floating_point():
            at = Operand(segment, step, position, operand)
            yield from _other_operands(at)
            yield from _extra_biases(at)
            yield from _narrowed_operands(at)
            yield from _operands_made_otherwise(at)


def of_mistake(mistake: Mistake, step: Step) -> Hypothesis:
    """A mistake that was made at a step."""
    return Hypothesis(
        mistake.text,
        frozenset({mistake.key}),
        {step.result: mistake.replacement},
        weight=mistake.weight,
        adds=mistake.adds,
        right=mistake.right,
        wrong=mistake.wrong,
    )


@dataclass(frozen=True)
class Operand:
    """One operand of a step."""

    segment: Segment
    step: Step
    position: int
    value: ValueId

    @property
    def name(self) -> str:
        return self.segment.recording.name(self.value)

    def replaced_by(self, value: Tensor) -> Mapping[ValueId, Replacement]:
        """The step with another value in the operand's place."""
        return self.edited(lambda _: value)

    def edited(self, edit: Callable[[Tensor], Tensor]) -> Mapping[ValueId, Replacement]:
        """The step with something done to the operand; the others are as they come, so
        that mistakes before the step are not undone."""
        step, position = self.step, self.position
        return {step.result: partial(with_operands, step, {position: edit})}


def with_operands(
    step: Step,
    edits: Mapping[int, Callable[[Tensor], Tensor]],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
) -> Tensor:
    """A step on its arguments, of which some, by their numbers, are edited."""
    places = [
        place
        for place, leaf in enumerate(tree_leaves([step.args, dict(step.kwargs)]))
        if isinstance(leaf, Ref)
    ]
    leaves, structure = tree_flatten([tuple(args), dict(kwargs)])
    for position, edit in edits.items():
        leaves[places[position]] = edit(leaves[places[position]])
    if step.in_place:
        leaves = [leaf.clone() if isinstance(leaf, Tensor) else leaf for leaf in leaves]
    given, named = tree_unflatten(leaves, structure)
    return step.function(*given, **named)


def _another_layers_weights(segment: Segment, step: Step) -> Iterator[Hypothesis]:
    """All weights of a step are those of another layer, weight and bias alike."""
    recording = segment.recording
    weights = {i: recording.names[i] for i in step.operands if i in recording.weights}
    layers = {name.rpartition(".")[0] for name in weights.values()}
    if len(weights) < 2 or len(layers) != 1:
        return
    (layer,) = layers
    parts = {index: name.rpartition(".")[2] for index, name in weights.items()}
    others = {name.rpartition(".")[0] for name in recording.all_weights} - layers
    for other in sorted(others):
        taken = {
            i: recording.all_weights.get(f"{other}.{part}") for i, part in parts.items()
        }
        if any(w is None or w.shape != recording.values[i].shape for i, w in taken.items()):
            continue
        edits = {
            step.operands.index(index): partial(_instead, weight.double())
            for index, weight in taken.items()
            if weight is not None
        }
        yield Hypothesis(
            f"the weights of {other} in place of those of {layer}",
            frozenset({("weights of", other, layer)}),
            {step.result: partial(with_operands, step, edits)},
            weight=next(iter(weights.values())),
            kind=Kind.MISTAKEN,
            left_out=layer,
            weights_of=other,
            right=layer,
            wrong=other,
        )


def _instead(value: Tensor, _: Tensor) -> Tensor:
    return value


def _operands_made_otherwise(at: Operand) -> Iterator[Hypothesis]:
    """The mistakes of the step that made an operand, where only this step uses it."""
    recording = at.segment.recording
    made = recording.maker(at.value)
    if made is None:
        return

    for mistake in mistakes(made, recording):
        otherwise = partial(_made_otherwise, made, recording.values, mistake.replacement)
        yield Hypothesis(
            mistake.text,
            frozenset({mistake.key}),
            at.edited(otherwise),
            weight=mistake.weight,
            right=mistake.right,
            wrong=mistake.wrong,
        )


def _made_otherwise(
    made: Step, values: Sequence[Tensor], replacement: Replacement, _: Tensor
) -> Tensor:
    return run_step(made, values, replacement)


def _other_operands(at: Operand) -> Iterator[Hypothesis]:
    """Another value of the same shape in an operand's place: of a weight's, a weight."""
    recording = at.segment.recording
    weight = recording.names.get(at.value) if at.value in recording.weights else None
    origin = recording.origin(at.value)
    left_out = next((n for n, i in recording.results.items() if i == origin), None)
    for label, value, index in _alternatives(at):
        yield Hypothesis(
            f"{label} in place of {at.name}{_by_layers(at, index)}",
            frozenset({("in place of", label, at.name)}),
            at.replaced_by(value),
            weight=weight,
            kind=Kind.MISTAKEN,
            left_out=left_out,
            takes=index,
            instead_of=at.value,
            right=at.name,
            wrong=label,
        )


def _by_layers(at: Operand, taken: ValueId | None) -> str:
    """Which layers' results two values are, where they are those in another layout."""
    recording = at.segment.recording
    if taken is None:
        return ""
    origins = recording.origin(taken), recording.origin(at.value)
    if origins == (taken, at.value) or not recording.given.issuperset(origins):
        return ""
    return f", {recording.name(origins[0])} for {recording.name(origins[1])}"


def _alternatives(at: Operand) -> Iterator[tuple[str, Tensor, ValueId | None]]:
    """Each with its name, and which value of the recording it is."""
    recording = at.segment.recording
    right = recording.values[at.value]
    if at.value in recording.weights:
        for name, weight in recording.all_weights.items():
            if name != recording.names[at.value] and weight.shape == right.shape:
                yield name, weight.double(), None
        return
    before = [step.result for step in at.segment.steps]
    for index in [*sorted(recording.given), *before]:
        value = recording.values[index]
        if index != at.value and value.shape == right.shape:
            yield recording.name(index), value, index


def _extra_biases(at: Operand) -> Iterator[Hypothesis]:
    """A vector of the model's weights added to a given value, in whatever layout a step
    takes it."""
    recording = at.segment.recording
    origin = recording.origin(at.value)
    if origin not in recording.given:
        return
    right = recording.values[origin]
    *_, channels = right.shape or (0,)
    for name, weight in recording.all_weights.items():
        if list(weight.shape) == [channels]:
            sum_with = recording.replay(at.value, {}, {origin: right + weight.double()})
            added = sum_with - recording.values[at.value]
            yield Hypothesis(
                f"{name} is added to {at.name}",
                frozenset({("added", name, at.name)}),
                at.edited(partial(torch.add, added)),
                weight=name,
            )


def _narrowed_operands(at: Operand) -> Iterator[Hypothesis]:
    """One operand of a product or sum rounded to a narrower type."""
    recording = at.segment.recording
    if at.step.name in LAYOUTS:
        return
    weight = recording.names[at.value] if at.value in recording.weights else None
    for dtype in OTHER_PRECISIONS:
        name = str(dtype).removeprefix("torch.")
        yield Hypothesis(
            f"{at.name} is rounded to {name}",
            frozenset({("rounded", at.name, name)}),
            at.edited(partial(round_to, dtype=dtype)),
            weight=weight,
            wrong=name,
        )


# -- Values that no step of the segment makes ------------------------------------------


def other_values(segment: Segment, target: ValueId) -> Iterator[Hypothesis]:
    """Another given value in place of one that is passed through unchanged."""
    recording = segment.recording
    for index in sorted(recording.given - {target}):
        value = recording.values[index]
        if value.shape == recording.values[target].shape:
            here, there = recording.name(index), recording.name(target)
            text = f"{here} in place of {there}"
            if segment.target.is_input:
                text = f"{segment.target.layer} is given {text}"
            yield Hypothesis(
                text,
                frozenset({("in place of", here, there)}),
                replaced_values={target: value},
                kind=Kind.MISTAKEN,
                takes=index,
                instead_of=target,
                right=there,
                wrong=here,
            )


def other_activations(segment: Segment) -> Iterator[Hypothesis]:
    """Another activation in place of one that PyTorch's code writes out."""
    recording = segment.recording
    for step in segment.steps:
        found = None if step.result in segment.have else written_out(step, recording)
        if found is None:
            continue
        name, source = found
        for mistake in mistaken(name):
            value = mistake.replacement([recording.values[source]], {})
            yield Hypothesis(
                mistake.text,
                frozenset({mistake.key}),
                {step.result: always(value)},
                right=mistake.right,
                wrong=mistake.wrong,
            )
