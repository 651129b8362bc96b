"""The line of a mistake.

That is the line of the operation that is wrong, unless the cause says better. Two layers
that are exchanged are wrong where they are called. A value that is taken for another is
wrong where it was taken. What lays numbers out wrongly makes no wrong number: it is known
by the shape that the cause gives it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from debug.candidate.kept_values import KeptValues
from debug.candidate.operations import Operation, OperationIndex, leading_to
from debug.candidate.program import Program
from debug.candidate.written_numbers import WrittenNumbers
from debug.causes.hypotheses.functions import JOINED
from debug.causes.hypotheses.operands import Hypothesis, Kind
from debug.causes.segment import Segment
from debug.protocol.values import Place
from debug.reference.pytorch_functions import LAYOUTS
from debug.reference.recording import DOES_NOT_RUN, Step, ValueId


@dataclass(frozen=True)
class LoadedCandidate:
    """A generation of the candidate, as far as explanations need it."""

    program: Program
    kept: KeptValues
    places: Mapping[str, Place]
    """The line that calls each layer."""
    again: Mapping[str, Place] = field(default_factory=dict)
    """The line of a further call that the reference does not have."""
    written: WrittenNumbers | None = None


def place_of(
    segment: Segment, best: Hypothesis | None, place: Place | None, code: LoadedCandidate
) -> Place | None:
    """Where the mistake is.

    Args:
        segment: whose end is wrong.
        best: its likeliest cause.
        place: of the operation that is wrong, if there is one.
        code: of the candidate.
    """
    if best is not None and best.made_at is not None:
        return segment.operations[best.made_at].place or place
    if best is not None and best.weights_of and best.weights_of in code.again:
        return code.again[best.weights_of]
    if best is not None and best.swapped:
        if best.swapped[0] in code.again:  # in the other's place, beside its own
            return code.again[best.swapped[0]]
        is_called = best.swapped[0] not in code.program.found_by_numbers
        if place is None or is_called:
            return code.places.get(best.swapped[0], place)
    if best is not None and _is_never_called(best.left_out, segment, code):
        return code.places.get(segment.target.layer, place)
    if best is not None and best.takes is not None:
        again = _called_again(segment, best.takes, code)
        place = again or _where_it_is_taken(segment, best, code) or place
    if best is not None:
        place = _where_it_is_laid_out(segment, best) or place
    if place is not None:
        return place
    target = segment.target
    passed_through = [
        layer
        for layer, key in code.program.layers.items()
        if key == target.key
        and layer != target.layer
        and layer in segment.recording.results  # and is not called by other code
    ]
    names = [*reversed(passed_through), target.layer]
    if best is not None and best.takes is not None and best.left_out is None:
        names.reverse()  # it is wrong where it is passed, not where it is made
    return next((code.places[name] for name in names if name in code.places), None)


def _is_never_called(left_out: str | None, segment: Segment, code: LoadedCandidate) -> bool:
    """Whether a layer is left out whose result PyTorch passes on as it is: the call that
    lacks it is the one of the layer that it is passed to."""
    target = segment.target
    is_passed = segment.recording.results.get(left_out or "") == target.value
    return target.is_input and is_passed and left_out not in code.program.layers


def where_to_mend(
    place: Place | None, best: Hypothesis | None, layer: str, code: LoadedCandidate
) -> Place | None:
    """The line that says what a layer computes with, where that is the mistake, and not
    the one that computes; else the same line."""
    if place is None or best is None or code.written is None:
        return place
    others = best.takes or best.left_out or best.swapped or best.replaced_values
    of_a_weight = best.weights_of or (best.weight and best.about != "left out")
    if best.kind is Kind.VAGUE or others or of_a_weight:
        return place
    calls = place == code.places.get(layer)
    return code.written.place_of(layer, best.about, best.wrong, place, calls) or place


def line_of(segment: Segment, index: OperationIndex) -> Place | None:
    """The line of an operation; the one that calls it where the same line, called from
    elsewhere, is right: a function that turns queries and keys is not to blame for what it
    does to values, but whoever gives it those is."""
    op = segment.operations[index]
    lines = _lines(op)
    alike: list[list[Place]] = []
    wrong: list[list[Place]] = []
    for other, right in zip(segment.operations, segment.right, strict=True):
        if other.name == op.name and other.from_input:
            (alike if right else wrong).append(_lines(other))
    alike = [each for each in alike if each not in wrong]
    for depth, line in enumerate(lines):
        rest = lines[depth + 1 :]
        called_elsewhere = any(
            len(other) > depth + 1 and other[depth] == line and other[depth + 1 :] != rest
            for other in alike
        )
        if not rest or not called_elsewhere:
            return line
    return None


def blamed(segment: Segment, best: Hypothesis | None) -> OperationIndex | None:
    """The operation that is wrong: the first, or, if the cause accounts for a value that is
    not made of that, the first on the way to this value. A factor that the candidate has in
    another place makes values that are none of the reference's, and right."""
    first = segment.culprit
    if first is None or best is None or best.operation is None:
        return first
    leading = leading_to(best.operation, segment.operations, ())
    wrong = [
        index
        for index in sorted(leading)
        if not segment.right[index] and segment.operations[index].from_input
    ]
    return first if first in leading or not wrong else OperationIndex(wrong[0])


def line_in_own_code(
    segment: Segment, index: OperationIndex, call: Place | None
) -> Place | None:
    """The line of the layer's own code that leads to an operation: of a function that is
    right, and called where it should not be, the line of the call.

    Args:
        segment: with the operation.
        index: of it.
        call: the line that calls the layer.
    """
    lines = _lines(segment.operations[index])
    within = lines[: lines.index(call)] if call in lines else lines[:1]
    return within[-1] if within else None


def _lines(op: Operation) -> list[Place]:
    return [] if op.place is None else [op.place, *op.called_from]


def _called_again(segment: Segment, taken: ValueId, code: LoadedCandidate) -> Place | None:
    """Where the layer whose result is taken is called for that."""
    origin = segment.recording.origin(taken)
    results = segment.recording.results
    layer = next((name for name, index in results.items() if index == origin), "")
    return code.again.get(layer)


def _where_it_is_taken(
    segment: Segment, best: Hypothesis, code: LoadedCandidate
) -> Place | None:
    """Where a value is computed or sliced out a second time, in another's place: the first
    line that serves only that. None where it is used from one line.

    Of two computations of one value the later one is in the wrong place if what belongs
    there comes later, too.
    """
    recording, operations = segment.recording, segment.operations
    if segment.culprit is None or best.takes is None or best.instead_of is None:
        return None
    origin = recording.origin(best.takes)
    joined = segment.joined_operations

    def before(index: int) -> set[int]:
        return leading_to(index, operations, joined)

    sought = {id(segment.pool[i]) for i in (origin, best.takes) if i in segment.pool}
    copies = {
        index
        for index in before(segment.culprit)
        if any(id(match.sought) in sought for match in segment.matches[index])
    }
    made = sorted(index for index in copies if before(index) & copies == {index})
    made = [index for index in made if not _lays_out_what_is_given(index, operations)]
    layer = next((n for n, i in recording.results.items() if i == origin), None)
    is_given = layer in code.program.layers
    if len(made) + is_given < 2:
        return None
    is_later = origin < recording.origin(best.instead_of)
    if is_given and not is_later:
        return code.places.get(layer or "")
    wrong = made[-1] if is_later else made[0]
    others = [before(index) for index in made if index != wrong]
    only = before(wrong) - joined - set[int]().union(*others)
    of_input = [index for index in only if operations[index].from_input]
    return operations[min(of_input)].place if of_input else None


def _lays_out_what_is_given(index: int, operations: Sequence[Operation]) -> bool:
    op = operations[index]
    of_input = [each for each in op.operands if operations[each].from_input]
    return not op.from_input or (op.lays_out and not of_input)


def _holds(op: Operation, numbers: Tensor) -> bool:
    """Whether a value is made of these numbers, in whatever order they lie."""
    if op.value.numel() != numbers.numel() or not op.finite:
        return False
    return torch.allclose(op.numbers.double().flatten().sort().values, numbers)


def _equal(op: Operation, value: Tensor, segment: Segment, step: Step) -> bool:
    """Up to the rounding of the reference's value that a step makes."""
    limit = segment.sought(step.result).limit
    return (op.value.double() - value).norm().item() <= limit


def _where_it_is_laid_out(segment: Segment, best: Hypothesis) -> Place | None:
    """Where the candidate lays numbers out as the cause says and the reference does not."""
    recording = segment.recording
    for weight in best.laid_out:
        numbers = recording.values[weight].flatten().sort().values
        for op in segment.operations:
            if not op.from_input and op.place is not None and _holds(op, numbers):
                return op.place
    for step in segment.steps:
        if step.result not in best.replaced_steps or step.name not in LAYOUTS:
            continue
        try:
            made = recording.replay(step.result, best.replaced_steps, best.replaced_values)
        except DOES_NOT_RUN:
            continue
        if made.shape == recording.values[step.result].shape:
            if any(key[0] == JOINED for key in best.keys):
                # It was brought into the other order before.
                turned = recording.values[step.operands[0]].mT
                for op in segment.operations:
                    alike = op.value.shape == turned.shape
                    if alike and _equal(op, turned, segment, step):
                        return op.place
            continue
        for op in segment.operations:
            may_be = op.from_input and op.value.shape == made.shape and not op.parts
            if may_be and _equal(op, made, segment, step):
                return op.place
    return None
