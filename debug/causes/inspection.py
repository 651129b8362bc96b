"""A layer's own code as a person reads it: the operations of both sides, with values."""

from debug.causes.segment import Stretch
from debug.measure.divergence import describe
from debug.protocol.messages import Code, Operation


def code(stretch: Stretch) -> Code:
    """What computes one value, operation by operation."""
    return Code(
        str(stretch.target),
        [_ours(stretch, index) for index in range(len(stretch.operations))],
        [_theirs(stretch, number) for number in range(len(stretch.steps))],
        stretch.culprit if stretch.wrong else None,
    )


def _ours(stretch: Stretch, index: int) -> Operation:
    op = stretch.operations[index]
    matches = stretch.matches[index]
    return Operation(
        op.name,
        op.place,
        describe(op.value),
        [f"{used} {stretch.operations[used].name}" for used in op.operands],
        str(matches[0]) if matches else "",
        stretch.right[index],
    )


def _theirs(stretch: Stretch, number: int) -> Operation:
    recording, step = stretch.recording, stretch.steps[number]
    return Operation(
        step.name,
        step.place,
        describe(recording.values[step.result]),
        [recording.name(index) for index in step.operands],
        "",
        step.result in stretch.have or not stretch.wrong,
    )
