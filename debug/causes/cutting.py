"""Cuts a layer's own code into segments, with the same given values on both sides.

What is given is the layer's input, what the layers within it return, and what comes from
other layers aside: the reference's values, rounded to what the candidate computes in. A
layer within that the candidate begins elsewhere, as a convolution that pads its own input
where the reference pads before it, has no input that both have. Then its code counts as
part of the layer's around it (`Recording.opened`), and the segment leads to its result.
"""

from collections.abc import Mapping

import torch
from max.driver import Buffer
from torch import Tensor

from debug.candidate import max_internals
from debug.candidate.buffers import to_buffer
from debug.candidate.kept_values import KeptValues
from debug.candidate.max_internals import ValueKey
from debug.candidate.operations import evaluation
from debug.candidate.program import Program
from debug.causes.segment import Segment, Target
from debug.measure.layout import Axes, laid_out
from debug.measure.truth import Truth
from debug.pause import Pause, go_on
from debug.protocol.values import POSITION
from debug.reference.recording import Recording, ValueId
from debug.subject import in_precision


def segments(
    name: str,
    recording: Recording,
    program: Program,
    truths: Mapping[str, Truth],
    kept: KeptValues,
    pause: Pause = go_on,
    row: str = POSITION,
) -> list[Segment] | None:
    """All segments of a layer's own code, in order of computation.

    None where the reference's values do not fit into the candidate's code.
    """
    pins, given = _given(name, recording, program, truths)
    if not all(_fits(key, buffer) for key, buffer in pins.items()):
        return None
    recording = recording.starting_from(given)
    tables = {
        tuple(size for size in recording.values[each].shape if size > 1)
        for each in recording.of_numbers
        if recording.values[each].is_floating_point()
    }
    uncalled = [each for each in recording.results if each not in program.layers]
    found = []
    for target in targets(name, recording, program):
        pause()
        evaluated = evaluation(program, pins, target.key, kept, tables)
        last = truths[target.layer].axes is not None
        found.append(Segment(recording, target, evaluated, pause, row, last, uncalled))
    return found


def misfits(
    name: str, recording: Recording, program: Program, truths: Mapping[str, Truth]
) -> list[str]:
    """The layers within one whose results are no place for the reference's values, as of a
    norm that comes after a mean over all frames instead of before it."""
    found = []
    for layer, value in recording.results.items():
        key, exact = program.layers.get(layer), recording.values[value]
        if key is None:
            continue
        pins, _ = _pinned(key, exact, truths[layer].axes)
        if not all(_fits(key, buffer) for key, buffer in pins.items()):
            found.append(layer)
    return found


def _fits(key: ValueKey, buffer: Buffer) -> bool:
    kind = max_internals.tensor_type(key)
    return kind is not None and [int(size) for size in kind.shape] == list(buffer.shape)


def targets(name: str, recording: Recording, program: Program) -> list[Target]:
    """The values that both sides compute in this layer's code and pass to others."""
    if recording.opened:
        return [
            Target(layer, False, v, program.layers[layer])
            for layer, v in recording.opened.items()
        ]
    found = [
        Target(layer, True, value, program.inputs[layer].key)
        for layer, value in recording.inputs.items()
        if layer in program.inputs
    ]
    if recording.result is not None and name in program.layers:
        found.append(Target(name, False, recording.result, program.layers[name]))
    return found


def _given(
    name: str, recording: Recording, program: Program, truths: Mapping[str, Truth]
) -> tuple[dict[ValueKey, Buffer], dict[ValueId, Tensor]]:
    """The values that go in: the candidate's buffers, and the reference's tensors.

    Both are the reference's values, rounded to what the candidate computes in.
    """
    pins: dict[ValueKey, Buffer] = {}
    given: dict[ValueId, Tensor] = {}
    layer_input = program.inputs.get(name)
    for key, layer in from_aside(name, recording, program).items():
        pins.update(_pinned(key, truths[layer].exact, None, truths[layer].axes_back)[0])
    if layer_input is not None and recording.argument is not None:
        exact, truth = recording.values[recording.argument], truths[name]
        result = None if recording.result is None else recording.values[recording.result]
        alike = result is not None and result.shape == exact.shape  # as a norm's are
        own = truth.axes if alike else None
        pin, rounded = _pinned(layer_input.key, exact, own, truth.axes_back, truth.axes)
        pins.update(pin)
        given[recording.argument] = rounded
    for layer, value in recording.results.items():
        key, exact = program.layers.get(layer), recording.values[value]
        given[value] = exact
        if key is not None:
            pin, given[value] = _pinned(key, exact, truths[layer].axes)
            pins.update(pin)
    return pins, given


def from_aside(name: str, recording: Recording, program: Program) -> dict[ValueKey, str]:
    """Other layers' results that enter this layer's code beside its input."""
    layer_input, outside = program.inputs.get(name), program.outside(name)
    if layer_input is None:
        return {}
    ends = (target.key for target in targets(name, recording, program))
    routes = (program.flow.route(layer_input.key, end, outside) for end in ends)
    return {key: layer for route in routes for layer, key in route.aside.items()}


def _pinned(
    key: ValueKey, exact: Tensor, axes: Axes | None, *others: Axes | None
) -> tuple[dict[ValueKey, Buffer], Tensor]:
    """A value of the reference in the candidate's place, and as the candidate has it.

    Args:
        key: of the place.
        exact: in the reference's own layout, or as it is compared.
        axes: what is known to bring it into the candidate's; its shape may not tell.
        others: what may do so where that does not fit.
    """
    kind = max_internals.tensor_type(key)
    assert kind is not None
    shape = [int(size) for size in kind.shape]
    known = exact if axes is None or len(axes) != exact.ndim else exact.permute(axes)
    fits = list(known.shape) == shape
    laid = known if fits else laid_out(exact, shape, axes, *others)
    buffer = to_buffer(laid, kind.dtype, kind.device.to_device())
    narrow = getattr(torch, kind.dtype.name)
    rounded = in_precision(exact, narrow)
    return {key: buffer}, rounded.double() if exact.is_floating_point() else exact
