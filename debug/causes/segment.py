"""The code between values that both sides are given and one that they produce.

In ``attn``, for example: from the input of ``attn`` and the results of ``query``, ``key``
and ``value`` to the input of ``out``. PyTorch's recorded steps and MAX's operations of it
run from the same numbers, so any difference at its end was made within it.

Every operation of MAX is then looked for among PyTorch's values, by its numbers. Where
``qk`` and ``w`` are found and ``wv`` is not, the mistake lies between: the first
operation that is none of PyTorch's values though all it uses are is the culprit. Not
being found is no proof by itself (a port may take another way), so an operation
also counts as right if something that is right is made of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from debug.candidate.max_internals import ValueKey
from debug.candidate.operations import Evaluation, OperationIndex, leading_to
from debug.causes.heads_apart import parts, sizes_of, wholes
from debug.causes.joined import Joined, joined_in
from debug.causes.judged import Judged, judged
from debug.measure.layout import IMAGE, nearest
from debug.measure.matching import (
    Match,
    Sought,
    find,
    in_shape_of,
    relative_error,
)
from debug.pause import Pause, go_on
from debug.protocol.values import POSITION
from debug.protocol.verdict import LAYER
from debug.reference.intermediates import intermediates
from debug.reference.pytorch_functions import LAYOUTS, SPREAD
from debug.reference.recording import Recording, Replacement, Step, ValueId

PRODUCTS = ("linear", "matmul", "bmm", "addmm")
A_NUMBER = 64
"""How many terms of a product's sum take as long as one number of anything else."""


def as_compared(value: Tensor, exact: Tensor) -> Tensor | None:
    """What a layer takes or returns, in the layout in which it is compared. There height
    and width stay in their order, though the numbers may be right the other way round."""
    laid = nearest(value, exact)
    same = laid.shape == exact.shape
    return laid.double().squeeze() if same else in_shape_of(value, exact)


@dataclass(frozen=True)
class Target:
    """Where a segment ends: the input of a layer, or the result of the layer whose code it
    is."""

    layer: str
    is_input: bool
    value: ValueId
    """The reference's."""
    key: ValueKey
    """The candidate's."""

    def __str__(self) -> str:
        return f"input of {self.layer}" if self.is_input else f"result of {self.layer}"


class Segment:
    """One target with everything that leads to it, on both sides."""

    def __init__(
        self,
        recording: Recording,
        target: Target,
        evaluated: Evaluation,
        pause: Pause = go_on,
        row: str = POSITION,
        rows_last: bool = False,
        uncalled: Sequence[str] = (),
    ) -> None:
        """
        Args:
            recording: the reference's code, from the given values on.
            target: where the segment ends.
            evaluated: the candidate's code, from the same values on.
            pause: called often.
            row: what one row of a value is called.
            rows_last: whether the end has them on its last axis, as a convolution wants.
            uncalled: layers within that the candidate never calls.
        """
        self.uncalled = uncalled
        self.pause, self.row, self._rows_last = pause, row, rows_last
        self.recording, self.target, self._evaluated = recording, target, evaluated
        self.steps = recording.leading_to(self._last_made)
        shapes = {tuple(recording.values[s.result].squeeze().shape) for s in self.steps}
        self.operations = [
            *evaluated.operations,
            *wholes(evaluated.operations, shapes),
        ]
        made = evaluated.value.dtype
        # What ends in whole numbers, such as token ids, has been rounded nowhere, and in
        # 8 bits PyTorch computes nothing.
        narrow = made.is_floating_point and made.itemsize > 1
        precision = made if narrow else torch.float32
        self._rounded = recording.in_precision(precision)
        exact = recording.values[target.value]
        self.goal = Sought.of(str(target), exact, self._rounded[target.value])
        self.made = evaluated.value
        """The candidate's, as it is."""
        self.value = as_compared(evaluated.value, exact)
        """The candidate's, in the reference's layout; None in another shape."""

    @property
    def _last_made(self) -> ValueId:
        """The end; where that is the result of a layer that the candidate never calls, what
        the layer is given, which the candidate may have in its place."""
        recording, end = self.recording, self.target.value
        for name in self.uncalled:
            if recording.results.get(name) == end and name in recording.inputs:
                return recording.inputs[name]
        return end

    def supposing(
        self,
        replaced_steps: Mapping[ValueId, Replacement],
        replaced_values: Mapping[ValueId, Tensor],
    ) -> "Segment":
        """The same beside a reference that makes a mistake, too."""
        recording = self.recording.starting_from(replaced_values, replaced_steps)
        return Segment(
            recording,
            self.target,
            self._evaluated,
            self.pause,
            self.row,
            self._rows_last,
            self.uncalled,
        )

    @cached_property
    def is_finite(self) -> bool:
        """Whether the candidate's value has neither NaN nor Inf."""
        value = self._evaluated.value
        return bool(torch.isfinite(value.double()).all())

    @property
    def wrong(self) -> bool:
        if self.value is None or not self.is_finite:
            return True
        error = relative_error(self.value, self.goal.value)
        return error > LAYER.watch_up_to * self.goal.floor

    @property
    def is_elsewhere(self) -> bool:
        """Whether it leads to a layer that begins elsewhere in the candidate, such as a
        convolution that pads its own input."""
        return self.target.is_input and self.value is None

    @cached_property
    def cost(self) -> int:
        """How many numbers the reference computes for it, those of products and functions
        weighed by what they take."""
        return sum(int(self._weighed(step)) for step in self.steps)

    def _weighed(self, step: Step) -> float:
        values = self.recording.values
        size = values[step.result].numel()
        if step.name in PRODUCTS and step.operands:
            return size * (1 + values[step.operands[0]].shape[-1] / A_NUMBER)
        if step.name.startswith("conv") and len(step.operands) > 1:
            return size * (1 + values[step.operands[1]][0].numel() / A_NUMBER)
        return size * (1 if step.name in LAYOUTS | {"add", "sub", "mul", "div"} else 3)

    def sought(self, value: ValueId) -> Sought:
        """One of the reference's values, as something to look for."""
        self.pause()
        label, exact = self.recording.name(value), self.recording.values[value]
        return Sought.of(label, exact, self._rounded[value])

    @cached_property
    def pool(self) -> dict[ValueId, Sought]:
        """Everything that the candidate may have on the way; where the reference only
        passes a value on, whatever its code has made."""
        steps = self.steps or self.recording.steps
        used = {i for step in steps for i in (*step.operands, step.result)}
        used |= self.recording.given | {self.target.value}
        floats = (i for i in used if self.recording.values[i].is_floating_point())
        return {index: self.sought(index) for index in sorted(floats)}

    @cached_property
    def matches(self) -> list[list[Match]]:
        """For each of the candidate's operations, the reference's values that it makes."""
        sought = [*self.pool.values(), *self._intermediates(), *self._parts]
        found: list[list[Match]] = []
        for op in self.operations:
            self.pause()
            computes = not op.lays_out
            found.append(find(op.value, sought, computes) if not op.has_nan else [])
        return found

    @cached_property
    def _parts(self) -> dict[Sought, tuple[ValueId, int]]:
        """Single heads, with the values that they are parts of, and which part."""
        return {
            part: (value, number)
            for value, whole in self.pool.items()
            for number, part in parts(whole)
        }

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
        within = [
            Sought.of(label, exact, rounded)
            for each in pairs
            for (label, exact), (_, rounded) in each
        ]
        return [*within, *self._joined]

    @cached_property
    def _joined(self) -> list[Sought]:
        values, rounded = self.recording.values, self._rounded
        return [
            Sought.of(f"{each}, joined", each.of(values), each.of(rounded))
            for each in self.joined
        ]

    @cached_property
    def joined_operations(self) -> set[int]:
        """The operations that make several layers' results as one value."""
        joined = {id(sought) for sought in self._joined}
        return {
            index
            for index, matches in enumerate(self.matches)
            if any(id(match.sought) in joined for match in matches)
        }

    @cached_property
    def joined(self) -> list[Joined]:
        """Layers' results that the candidate makes as one value."""
        return joined_in(self.recording, self.steps, self.operations)

    @cached_property
    def _judged(self) -> Judged:
        products = [self.pool.get(s.result) for s in self.steps if s.name == "matmul"]
        return judged(
            self.operations,
            self.matches,
            self._parts,
            [each for each in products if each is not None],
            self._evaluated.maker if self.wrong else None,
        )

    @property
    def right(self) -> list[bool]:
        """Whether each operation is right (`debug.causes.judged`)."""
        return self._judged.right

    @cached_property
    def culprit(self) -> OperationIndex | None:
        """The first operation that is not right though all that it uses is."""
        wrong = [
            OperationIndex(i)
            for i, op in enumerate(self.operations)
            if not self.right[i] and not op.parts
        ]
        # A constant in another shape is a wrong value only where it is used.
        from_input = [i for i in wrong if self.operations[i].from_input]
        found = [*from_input, *wrong]
        if not self.is_finite:  # where a mask's minus infinity is wanted, it is right
            found = [i for i in found if not self.operations[i].finite] or found
        if not found or self.operations[found[0]].has_nan:
            return self._origin_of_nan(found[0]) if found else None
        index = found[0] if self.joined else self._maker_of(found[0])
        return self._weight_of(index)

    def _weight_of(self, index: OperationIndex) -> OperationIndex:
        """Of an operation that is wrong by what is computed of weights alone, such as a
        batch norm's scale, the first one of that."""
        for used in self.operations[index].operands:
            if not self.operations[used].is_fixed or self.right[used]:
                continue
            for each in sorted(leading_to(used, self.operations)):
                op = self.operations[each]
                only_laid = op.lays_out or "concat" in op.name  # as of joined layers
                if not self.right[each] and not only_laid:
                    return OperationIndex(each)
        return index

    def _maker_of(self, index: OperationIndex) -> OperationIndex:
        """Of an operation that only lays numbers out: the one that made them, unless they
        are the reference's. A joined product is right in some of its parts."""
        op = self.operations[index]
        used = [each for each in op.operands if self.operations[each].from_input]
        if not op.lays_out or len(used) != 1:
            return index
        laid_out_right = self.right[used[0]] and self.operations[used[0]].lays_out
        if self._judged.own[used[0]] or laid_out_right:
            return index
        return self._maker_of(used[0])

    def _origin_of_nan(self, index: OperationIndex) -> OperationIndex:
        """The operation itself, unless what it uses is NaN already."""
        for used in self.operations[index].operands:
            if self.operations[used].has_nan:
                return self._origin_of_nan(used)
        return index

    @cached_property
    def have(self) -> set[ValueId]:
        """The reference's values that the candidate has, and all that they are made of."""
        found = {id(m.sought) for op in self.matches for m in op if not m.suspicious}
        found |= {id(sought) for sought in self._judged.scaled_later}
        have = {i for i, sought in self.pool.items() if id(sought) in found}
        wrong = {
            sizes_of(op.value)
            for op, right in zip(self.operations, self.right, strict=True)
            if not right and not op.parts
        }
        have |= {  # those of its heads that are computed at all are right
            whole
            for part, (whole, _) in self._parts.items()
            if id(part) in found and sizes_of(part.value) not in wrong
        }
        have.discard(self.target.value)
        for step in reversed(self.steps):
            if step.result in have:
                have.update(step.operands)
        return have

    @cached_property
    def of_weights(self) -> set[ValueId]:
        """The reference's values that are made of weights alone."""
        found, given = {*self.recording.weights}, {*self.recording.given}
        for step in self.recording.steps:
            if not given.isdisjoint(step.operands):
                given.add(step.result)
            elif not found.isdisjoint(step.operands):
                found.add(step.result)
        return found

    @property
    def lacking(self) -> list[Step]:
        """The reference's steps that the candidate has no value for."""
        return [step for step in self.steps if step.result not in self.have]

    @property
    def image(self) -> tuple[int, ...] | None:
        """Height and width, where the value at the end is an image with channels first."""
        sizes = tuple(self.recording.values[self.target.value].shape)
        return sizes[-2:] if self._rows_last and len(sizes) == IMAGE else None

    @property
    def rows(self) -> int | None:
        """How many frames, tokens or positions the value at the end has."""
        sizes = self.recording.values[self.target.value].shape
        if len(sizes) < 2:
            return None
        last = self._rows_last or any(step.name == "conv1d" for step in self.steps)
        return sizes[-1] if last else sizes[-2]

    @cached_property
    def frontier(self) -> list[Step]:
        """The reference's steps that the candidate has no value for, but all they use."""
        have, lacking = self.have, self.lacking
        made = {step.result for step in self.steps}
        at_hand = have | {i for step in self.steps for i in step.operands if i not in made}
        found = []
        for step in lacking:
            if at_hand.issuperset(step.operands):
                is_sought = step.result in self.pool
                if is_sought:
                    found.append(step)
                # The same numbers, or positions and masks: the next step may be the one.
                if step.name in LAYOUTS | SPREAD or not is_sought:
                    at_hand.add(step.result)
        return found
