"""A layer that is passed another layer's result than PyTorch passes it.

Cross attention takes its keys and values from the encoder, by way of every block that is
called on the way. None of their code computes anything of it, so no operation is wrong:
wrong is which value is passed. Both sides tell whose it is, MAX's by its graph and
PyTorch's by its numbers ::

    memory = x          instead of          memory = self.encoder_norm(x)

The line is that of the outermost call which the value is passed to.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from debug.candidate import max_internals
from debug.candidate.buffers import to_torch
from debug.candidate.max_internals import ValueKey
from debug.candidate.program import Program
from debug.causes.cutting import from_aside, targets
from debug.causes.hypotheses.axes import axes_of
from debug.causes.hypotheses.every_fit import fits
from debug.causes.lines import LoadedCandidate
from debug.causes.segment import Target
from debug.measure.matching import in_shape_of, relative_error
from debug.measure.truth import Truth
from debug.protocol.values import POSITION, Cause, Finding
from debug.protocol.verdict import FLOAT32_HALF_ULP, LAYER
from debug.reference.recorded_layers import RecordedLayers
from debug.reference.recording import Recording


@dataclass(frozen=True)
class Passed:
    """What a layer within another one's code is passed from elsewhere."""

    target: Target
    here: str | None
    """The layer whose result the candidate passes; None for a value that is no layer's."""
    there: str
    """The one whose result PyTorch passes, or what PyTorch's code calls the value."""
    left_out: bool
    """Whether the candidate passes that layer's input on, and never calls it."""
    right: Tensor
    """What PyTorch passes."""


def passed_elsewhere(
    name: str,
    code: LoadedCandidate,
    truths: Mapping[str, Truth],
    recordings: RecordedLayers,
) -> Iterator[Passed]:
    """What is passed into a layer's code, and on to a layer within, and is another layer's
    result than PyTorch's."""
    recording, program = recordings.of(name), code.program
    outside = program.outside(name)
    for target in targets(name, recording, program):
        here = outside.get(target.key)
        is_passed = target.value in recording.aside.values()
        if not _is_as_large(target.key, recording.values[target.value]):
            continue  # positions where PyTorch passes the ids to be counted
        if not is_passed or (here is None and _made_within(name, target.key, program)):
            continue
        right = recording.values[target.value]
        if here is not None and _is_right(truths[here], right):
            continue
        there = next((n for n, truth in truths.items() if _is(truth, right)), None)
        left_out = False
        if there is not None and there not in program.layers and here is not None:
            given = _argument(recordings.of(there))
            left_out = given is not None and _is(truths[here], given)
        name = there or recording.name(target.value)
        yield Passed(target, here, name, left_out, right)
    yield from _beside_the_input(name, program, truths, recording)


def _beside_the_input(
    name: str, program: Program, truths: Mapping[str, Truth], recording: Recording
) -> Iterator[Passed]:
    """What a layer's code computes with beside its input, if it is a layer's result that
    PyTorch does not pass, and one value that PyTorch passes is missing."""
    entering = from_aside(name, recording, program)
    right = {i: recording.values[i] for i in recording.aside.values()}
    strange = {
        key: layer
        for key, layer in entering.items()
        if not layer.startswith(f"{name}.")
        and not any(_is_right(truths[layer], value) for value in right.values())
    }
    missing = [
        index
        for index, value in right.items()
        if value.is_floating_point()
        and not any(_is_right(truths[layer], value) for layer in entering.values())
        and all(_is_as_large(key, value) for key in strange)
    ]
    if len(strange) == len(missing) == 1:
        (key, here), (index,) = *strange.items(), missing
        target = Target(name, True, index, key)
        yield Passed(target, here, recording.name(index), False, recording.values[index])


def finding_of(passed: Passed, code: LoadedCandidate) -> Finding:
    target, key = passed.target, passed.target.key
    if passed.here is None and (done := _done_to(passed, code)) is not None:
        place = code.program.place_of(key)
        return Finding(str(target), target.layer, None, place, None, "", [done])
    if passed.left_out:
        text, kind = f"{passed.there} is left out", "left out"
    else:
        of = "'s result" if passed.there in code.program.layers else ""
        text = f"{_called(passed, code.program)} in place of {passed.there}{of}"
        kind = "in place of"
    layer = _outermost(target.layer, key, code.program)
    cause = Cause(text, 1.0, 0.0, None, kind, passed.there, passed.here)
    return Finding(
        str(target), target.layer, None, code.places.get(layer), None, "", [cause]
    )


def _done_to(passed: Passed, code: LoadedCandidate) -> Cause | None:
    """What was done to the right value, where no layer makes it: a table of positions, for
    example, whose channels are in another order."""
    value = to_torch(code.program.evaluate_aside(passed.target.key, code.kept))
    right = passed.right.double().squeeze()
    laid = in_shape_of(value, right)
    if laid is None or not bool(torch.isfinite(laid).all()):
        return None
    named = axes_of(passed.right, None, POSITION)
    for fit in fits(laid, right, named):
        left = relative_error(laid, fit.transform(right)) / FLOAT32_HALF_ULP
        if left <= LAYER.watch_up_to and not fit.vague:
            return Cause(fit.about(passed.there), 1.0, left, None, "another value")
    return None


def _is_as_large(key: ValueKey, value: Tensor) -> bool:
    kind = max_internals.tensor_type(key)
    return kind is None or math.prod(map(int, kind.shape)) == value.numel()


def _called(passed: Passed, program: Program) -> str:
    if passed.here is not None:
        return f"{passed.here}'s result"
    place = program.place_of(passed.target.key)
    return "another value" if place is None else f"the value of line {place.line}"


def _made_within(name: str, key: ValueKey, program: Program) -> bool:
    """Whether a value is the input of a layer, or computed of it."""
    given = program.inputs.get(name)
    return given is None or key == given.key or program.flow.depends(key, given.key)


def _outermost(layer: str, passed: ValueKey, program: Program) -> str:
    """The outermost layer around one that a value is made outside of."""
    around = program.parent(layer)
    while around is not None and _is_outside(around, passed, program):
        layer, around = around, program.parent(around)
    return layer


def _is_outside(layer: str, passed: ValueKey, program: Program) -> bool:
    is_result = passed in program.layers.values()
    if is_result:
        return passed in program.outside(layer)
    return not _made_within(layer, passed, program)


def _argument(recording: Recording) -> Tensor | None:
    return None if recording.argument is None else recording.values[recording.argument]


def _is(truth: Truth, value: Tensor) -> bool:
    """Whether a value of the reference is a layer's result."""
    size = sorted(truth.shape) == sorted(value.shape)
    return size and torch.equal(_as_in_reference(truth), value)


def _is_right(truth: Truth, value: Tensor) -> bool:
    """Whether a layer's result is as good as a value."""
    own = _as_in_reference(truth)
    if own.shape != value.shape:
        return False
    return relative_error(own, value) <= LAYER.watch_up_to * truth.floor


def _as_in_reference(truth: Truth) -> Tensor:
    """A layer's result in the reference's own layout."""
    back = truth.axes_back
    return truth.exact if back is None else truth.exact.permute(back)
