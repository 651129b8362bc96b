"""A stretch of a layer's own code, on both sides: from known values to one that is handed
on. The same values go in, so what comes out differs only by what the code does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from max.driver import Buffer
from torch import Tensor

from debug.candidate import max_internals
from debug.candidate.buffers import to_buffer
from debug.candidate.max_internals import ValueKey
from debug.candidate.operations import Operation, operations
from debug.candidate.program import Program
from debug.measure.matching import Match, Sought, find, in_shape_of, relative_error
from debug.measure.truth import Truth, in_layout
from debug.pause import Pause, go_on
from debug.protocol.verdict import LAYER
from debug.reference.intermediates import intermediates
from debug.reference.recording import LAYOUTS, Recording, Replacement, Step


@dataclass(frozen=True)
class Target:
    """Where a stretch leads: into a layer, or out of the one whose code it is."""

    layer: str
    feeds: bool
    value: int
    """The reference's, by its place in the recording."""
    key: ValueKey
    """The candidate's."""

    def __str__(self) -> str:
        return f"what {self.layer} is fed" if self.feeds else f"the result of {self.layer}"


class Segment:
    """One target with everything that leads to it."""

    def __init__(
        self,
        recording: Recording,
        target: Target,
        ops: list[Operation],
        value: Tensor,
        pause: Pause = go_on,
    ) -> None:
        self.pause = pause
        self.recording, self.target, self.operations = recording, target, ops
        self._value = value
        rounded = recording.in_precision(value.dtype)
        self._rounded = rounded
        exact = recording.values[target.value]
        self.goal = Sought.of(str(target), exact, rounded[target.value])
        self.value = in_shape_of(value, exact)
        """The candidate's, in the reference's layout; None in another shape."""
        self.steps = recording.leading_to(target.value)

    def supposing(
        self, calls: Mapping[int, Replacement], known: Mapping[int, Tensor]
    ) -> "Segment":
        """The same beside a reference that makes a mistake, too."""
        recording = self.recording.starting_from(known, calls)
        return Segment(recording, self.target, self.operations, self._value, self.pause)

    @property
    def wrong(self) -> bool:
        if self.value is None or not bool(torch.isfinite(self.value).all()):
            return True
        error = relative_error(self.value, self.goal.value)
        return error > LAYER.watch_up_to * self.goal.floor

    def known(self, value: int) -> Sought:
        """One of the reference's values, as something to look for."""
        self.pause()
        label, exact = self.recording.name(value), self.recording.values[value]
        return Sought.of(label, exact, self._rounded[value])

    @cached_property
    def pool(self) -> dict[int, Sought]:
        """Everything that the candidate may have on the way."""
        used = {i for step in self.steps for i in (*step.operands, step.result)}
        used |= self.recording.known | {self.target.value}
        floats = (i for i in used if self.recording.values[i].is_floating_point())
        return {index: self.known(index) for index in sorted(floats)}

    @cached_property
    def matches(self) -> list[list[Match]]:
        """For each of the candidate's operations, the reference's values that it makes."""
        known = [*self.pool.values(), *self._intermediates()]
        found: list[list[Match]] = []
        for op in self.operations:
            self.pause()
            found.append(find(op.value, known) if op.finite else [])
        return found

    def _intermediates(self) -> list[Sought]:
        """What is computed within the reference's functions."""
        pairs = (
            zip(
                intermediates(step, self.recording.values),
                intermediates(step, self._rounded),
                strict=True,
            )
            for step in self.steps
        )
        return [
            Sought.of(label, exact, rounded)
            for each in pairs
            for (label, exact), (_, rounded) in each
        ]

    def is_match(self, index: int) -> bool:
        """Whether an operation makes a value of the reference."""
        return any(not match.suspicious for match in self.matches[index])

    @cached_property
    def right(self) -> list[bool]:
        """Whether each operation is right: it, or something made of it, is the reference's.

        The last one must be the target; that it is another value is no excuse.
        """
        right = [self.is_match(index) for index in range(len(self.operations))]
        if right and self.wrong:
            right[-1] = False
        for index in reversed(range(len(right))):
            if right[index]:
                for used in self.operations[index].operands:
                    right[used] = True
        return right

    @cached_property
    def culprit(self) -> int | None:
        """The first operation that is not right though all that it uses is."""
        infinite = next((i for i, op in enumerate(self.operations) if not op.finite), None)
        if infinite is not None:
            return infinite
        wrong = [i for i, right in enumerate(self.right) if not right]
        # A constant in another shape is a wrong value only where it is used.
        fed = [i for i in wrong if self.operations[i].fed]
        return next(iter([*fed, *wrong]), None)

    @cached_property
    def have(self) -> set[int]:
        """The reference's values that the candidate has, and all that they are made of."""
        found = {id(m.known) for op in self.matches for m in op if not m.suspicious}
        have = {i for i, known in self.pool.items() if id(known) in found}
        have.discard(self.target.value)
        for step in reversed(self.steps):
            if step.result in have:
                have.update(step.operands)
        return have

    @cached_property
    def frontier(self) -> list[Step]:
        """The reference's steps that the candidate has no value for, but all they use."""
        have = self.have
        made = {step.result for step in self.steps}
        lacking = [step for step in self.steps if step.result not in have]
        at_hand = have | {i for step in self.steps for i in step.operands if i not in made}
        found = []
        for step in lacking:
            if at_hand.issuperset(step.operands):
                found.append(step)
                if step.name in LAYOUTS:  # the same numbers: the next step may be the one
                    at_hand.add(step.result)
        return found


def segments(
    name: str,
    recording: Recording,
    program: Program,
    truths: Mapping[str, Truth],
    kept: dict[str, Buffer],
    pause: Pause = go_on,
) -> list[Segment] | None:
    """All stretches of a layer's own code, in order of computation.

    None where the reference's values do not fit into the candidate's code.
    """
    pins, known = _known(name, recording, program, truths)
    if not all(_fits(key, buffer) for key, buffer in pins.items()):
        return None
    recording = recording.starting_from(known)
    found = []
    for target in targets(name, recording, program):
        pause()
        ops, value = operations(program, pins, target.key, kept)
        found.append(Segment(recording, target, ops, value, pause))
    return found


def _fits(key: ValueKey, buffer: Buffer) -> bool:
    kind = max_internals.tensor_type(key)
    return kind is not None and [int(size) for size in kind.shape] == list(buffer.shape)


def targets(name: str, recording: Recording, program: Program) -> list[Target]:
    """What the candidate and the reference both hand on."""
    found = [
        Target(layer, True, value, program.inputs[layer].key)
        for layer, value in recording.fed.items()
        if layer in program.inputs
    ]
    if recording.result is not None and name in program.layers:
        found.append(Target(name, False, recording.result, program.layers[name]))
    return found


def _known(
    name: str, recording: Recording, program: Program, truths: Mapping[str, Truth]
) -> tuple[dict[ValueKey, Buffer], dict[int, Tensor]]:
    """The values that go in: the candidate's buffers, and the reference's tensors.

    Both are the reference's values, rounded to what the candidate computes in.
    """
    pins: dict[ValueKey, Buffer] = {}
    known: dict[int, Tensor] = {}
    argument = program.inputs.get(name)
    dtype, device = next(
        (each.type.dtype, each.type.device.to_device()) for each in program.inputs.values()
    )
    narrow = getattr(torch, dtype.name)
    if argument is not None and recording.argument is not None:
        exact = recording.values[recording.argument].to(narrow)
        known[recording.argument] = exact.double()
        axes = truths[name].axes
        laid = in_layout(exact, truths[name].axes_back, argument.shape)
        if list(laid.shape) != argument.shape and axes:
            laid = in_layout(exact, axes, argument.shape)
        pins[argument.key] = to_buffer(laid, dtype, device)
    for layer, value in recording.results.items():
        exact = recording.values[value].to(narrow)
        known[value] = exact.double()
        key, axes = program.layers.get(layer), truths[layer].axes
        if key is not None:
            laid = exact.permute(axes) if axes else exact
            pins[key] = to_buffer(laid, dtype, device)
    return pins, known
