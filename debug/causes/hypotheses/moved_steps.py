"""A step in another place: an activation after a sum instead of before it.

Two steps of which one uses the other's result change places, if the one that moves leaves
the shape as it is. The other may be a mean over an axis: a norm comes after it as well as
before. Steps that only lay numbers out otherwise may stand between them.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from debug.causes.hypotheses.mistake import first_tensor
from debug.causes.hypotheses.operands import Hypothesis
from debug.causes.hypotheses.reductions import REDUCTIONS
from debug.causes.hypotheses.scales import factor_of
from debug.reference.pytorch_functions import LAYOUTS
from debug.reference.recording import (
    Recording,
    Replacement,
    Step,
    ValueId,
    run_step,
)

MOVE = (
    "gelu",
    "relu",
    "silu",
    "tanh",
    "sigmoid",
    "softmax",
    "layer_norm",
    "rms_norm",
    "mul",
    "truediv",
    "div",
)
"""Functions of one value that people put in another place."""


def moved_steps(steps: Sequence[Step], recording: Recording) -> Iterator[Hypothesis]:
    """Every step of one value that comes before or after its neighbour instead, or further
    on in a chain of steps of which each is used by the next alone."""
    for step in steps:
        sources = _moving(step, recording)
        if step.name not in MOVE or len(sources) != 1:
            continue
        moved = _Moved(step, sources[0], recording)
        name = _called(step, recording)
        users = [u for u in steps if _uses(u, step.result, recording)]
        for user in users:
            if _may_move(user, recording):
                told = _told(user, recording, moved)
                text = f"{name} comes after {told} instead of before"
                yield _after(moved, user, name, text)
        if len(users) == 1:
            first = _layer_of(users[0], recording) or recording.name(users[0].result)
            for user in _chain(users[0], steps, recording):
                if _alike(user, step, recording):
                    there = _layer_of(user, recording) or recording.name(user.result)
                    text = f"{name} comes after {there} instead of before {first}"
                    yield _after(moved, user, name, text)
        yield from _before(moved, name, steps)


def _after(moved: "_Moved", user: Step, name: str, text: str) -> Hypothesis:
    return Hypothesis(
        text,
        frozenset({("moved", name, "after", user.name)}),
        {moved.step.result: moved.passed_on, user.result: _followed(moved, user)},
    )


def _before(moved: "_Moved", name: str, steps: Sequence[Step]) -> Iterator[Hypothesis]:
    recording = moved.recording
    made = recording.maker(recording.origin(moved.source))
    if made is None or made not in steps or not _may_move(made, recording):
        return
    for number, operand in enumerate(made.operands):
        alike = recording.values[operand].shape == recording.values[made.result].shape
        if not alike and made.name not in REDUCTIONS:
            continue
        before = f"{name} is applied to {recording.name(operand)}, before"
        yield Hypothesis(
            f"{before} {_told(made, recording, moved)} instead of after",
            frozenset({("moved", name, "before", made.name, number)}),
            {
                moved.step.result: moved.passed_on,
                made.result: _preceded(moved, made, number),
            },
        )


def _chain(step: Step, steps: Sequence[Step], recording: Recording) -> Iterator[Step]:
    """What comes after a step, for as long as only one step uses it."""
    while True:
        users = [each for each in steps if _uses(each, step.result, recording)]
        if len(users) != 1 or users[0] is step:
            return
        (step,) = users
        yield step


def _alike(one: Step, other: Step, recording: Recording) -> bool:
    """Whether both make values of one shape, so that one can be moved behind the other."""
    shapes = (recording.values[each.result].shape for each in (one, other))
    return one.name not in LAYOUTS and len({*shapes}) == 1


def _called(step: Step, recording: Recording) -> str:
    """What a step is called that moves: its layer, the factor that it is, or its name."""
    factor, weights = factor_of(step), recording.weights.intersection(step.operands)
    if factor is not None:
        return f"the factor {factor:.4g}"
    others = weights or {*step.operands} - {*_moving(step, recording)}
    if step.name == "mul" and len(others) == 1:
        return f"the factor {recording.name(*others)}"
    return _layer_of(step, recording) or step.name


def _layer_of(step: Step, recording: Recording) -> str:
    """The layer whose weights a step has; empty if it has none."""
    weights = [recording.names.get(i, "") for i in step.operands if i in recording.weights]
    layers = {name.rpartition(".")[0] for name in weights}
    return layers.pop() if len(layers) == 1 else ""


def factors_after_softmax(
    steps: Sequence[Step], recording: Recording
) -> Iterator[Hypothesis]:
    """Attention's scale, which may be two factors, of the weights and not of the scores."""
    for step in steps:
        if step.name != "softmax":
            continue
        before = [each for each in recording.leading_to(step.result) if each in steps]
        factors = {each.result: factor for each in before if (factor := factor_of(each))}
        total = math.prod(factors.values())
        if not factors:
            continue

        def scaled(
            args: Any, kwargs: Any, step: Step = step, total: float = total
        ) -> Tensor:
            return total * step.function(*args, **kwargs)

        yield Hypothesis(
            f"the factor {total:.4g} is applied after softmax instead of before",
            frozenset({("moved", "factor", "after", "softmax")}),
            {**dict.fromkeys(factors, _passed_on), step.result: scaled},
        )


def _told(step: Step, recording: Recording, moved: "_Moved") -> str:
    """A step by what it takes: "the sum with positional_embedding"."""
    word = {"add": "the sum", "iadd": "the sum", "mul": "the product"}.get(step.name)
    if word is None or len(step.operands) < 2:
        return step.name
    others = [i for i in step.operands if recording.origin(i) != moved.step.result]
    if len(others) == 1:
        return f"{word} with {recording.name(others[0])}"
    return f"{word} of {' and '.join(recording.name(i) for i in step.operands)}"


def _floats(step: Step, recording: Recording) -> list[ValueId]:
    weights = recording.weights
    return [
        i
        for i in step.operands
        if i not in weights and recording.values[i].is_floating_point()
    ]


def _moving(step: Step, recording: Recording) -> list[ValueId]:
    """What a step is applied to: not its weights, and not the factor of a product, such as
    a gate that is the same for all tokens."""
    sources = _floats(step, recording)
    if step.name != "mul" or len(sources) != 2:
        return sources
    size = recording.values[step.result].shape
    return [i for i in sources if recording.values[i].shape == size]


def _may_move(step: Step, recording: Recording) -> bool:
    """Whether a step keeps the shape, or leaves out an axis that others need not have."""
    size = recording.values[step.result].shape
    if step.name in REDUCTIONS:
        return True
    return step.name not in LAYOUTS and any(
        recording.values[i].shape == size for i in step.operands
    )


def _uses(user: Step, value: ValueId, recording: Recording) -> bool:
    """Whether a step takes a value, perhaps in another layout."""
    return any(value in (each, recording.origin(each)) for each in user.operands)


def _passed_on(args: Sequence[Any], _: Mapping[str, Any]) -> Tensor:
    return first_tensor(args)


@dataclass(frozen=True)
class _Moved:
    """A step of one value that can be made on another one; its weights are its own."""

    step: Step
    source: ValueId
    recording: Recording

    def passed_on(self, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Tensor:
        """What the step is applied to, where it is not made."""
        given = [a for a in tree_leaves([args, dict(kwargs)]) if isinstance(a, Tensor)]
        return given[self.step.operands.index(self.source)]

    def __call__(self, value: Tensor) -> Tensor:
        values = list(self.recording.values)
        values[self.source] = value
        return run_step(self.step, values)


def _followed(moved: _Moved, user: Step) -> Replacement:
    laid = _layout_between(moved.step.result, user, moved.recording)

    def call(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Tensor:
        made = user.function(*args, **kwargs)
        if laid is None or laid.shape != made.shape:
            return moved(made)
        # In the layout in which the step itself works, and back.
        as_moved = torch.empty_like(made).flatten()
        as_moved[laid.flatten()] = made.flatten()
        shape = moved.recording.values[moved.step.result].shape
        return moved(as_moved.reshape(shape)).flatten()[laid]

    return call


def _layout_between(value: ValueId, user: Step, recording: Recording) -> Tensor | None:
    """For each number of what a step takes, its place in the value which that is in another
    layout; None where it is in the same."""
    taken = next((i for i in user.operands if recording.origin(i) == value), value)
    steps: list[Step] = []
    while taken != value and (made := recording.maker(taken)) is not None:
        steps.insert(0, made)
        taken = made.operands[0]
    values, right = list(recording.values), recording.values[value]
    values[value] = torch.arange(right.numel(), device=right.device).reshape(right.shape)
    for step in steps:
        values[step.result] = run_step(step, values)
    return values[steps[-1].result].long() if steps else None


def _preceded(moved: _Moved, made: Step, number: int) -> Replacement:
    kept = _last_kept(made, moved.recording)

    def call(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Tensor:
        places = [n for n, arg in enumerate(args) if isinstance(arg, Tensor)]
        changed = [*args]
        value = args[places[number]].movedim(kept, -1)
        changed[places[number]] = moved(value).movedim(-1, kept)
        return made.function(*changed, **kwargs)

    return call


def _last_kept(step: Step, recording: Recording) -> int:
    """The axis of a step's value that is the last one of its result: before the mean over
    height and width of an image, a norm is one over the channels."""
    if step.name not in REDUCTIONS:
        return -1
    axes = step.args[1] if len(step.args) > 1 else step.kwargs.get("dim")
    rank = recording.values[step.operands[0]].ndim
    several = axes if isinstance(axes, tuple | list) else [axes]
    reduced = {axis % rank for axis in several if isinstance(axis, int)}
    return max((axis for axis in range(rank) if axis not in reduced), default=-1)
