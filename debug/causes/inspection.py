"""A layer's own code as a person reads it: the operations of both sides, with values."""

from debug.causes.segment import Segment
from debug.measure.statistics import describe
from debug.protocol.values import OperationView, SegmentView


def code(segment: Segment) -> SegmentView:
    """What computes one value, operation by operation."""
    return SegmentView(
        str(segment.target),
        [_ours(segment, index) for index in range(len(segment.operations))],
        [_theirs(segment, number) for number in range(len(segment.steps))],
        segment.culprit if segment.wrong else None,
    )


def _ours(segment: Segment, index: int) -> OperationView:
    op = segment.operations[index]
    matches = segment.matches[index]
    return OperationView(
        op.name,
        op.place,
        describe(op.value),
        [f"{used} {segment.operations[used].name}" for used in op.operands],
        str(matches[0]) if matches else "",
        segment.right[index],
    )


def _theirs(segment: Segment, number: int) -> OperationView:
    recording, step = segment.recording, segment.steps[number]
    return OperationView(
        step.name,
        step.place,
        describe(recording.values[step.result]),
        [recording.name(index) for index in step.operands],
        "",
        step.result in segment.have or not segment.wrong,
    )
