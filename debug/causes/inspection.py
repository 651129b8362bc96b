"""A layer's own code as a person reads it: the operations of both sides, with values."""

from collections.abc import Iterator, Mapping

from debug.candidate.interpreter import LazyValue
from debug.candidate.operations import OperationIndex
from debug.causes.explainer import Explainer, LoadedCandidate
from debug.causes.paired_steps import Paired, paired_steps
from debug.causes.segment import Segment
from debug.measure.statistics import describe, finite
from debug.protocol.diagnostic import INSPECT, Problem
from debug.protocol.messages import Inspected
from debug.protocol.values import OperationView, SegmentView


def inspected(
    generation: int,
    index: int,
    name: str,
    explainer: Explainer,
    code: LoadedCandidate,
    values: Mapping[str, LazyValue] | None,
) -> Iterator[Inspected]:
    """All that can be said of one layer's own code: first what it consists of, then the
    same with how much it matters, for which both models run again.

    Args:
        generation: of the candidate.
        index: of the layer.
        name: of the layer.
        explainer: has the reference's side.
        code: the candidate's.
        values: of all layers, once the whole model has run.

    Raises:
        Problem: the reference's values do not fit into the candidate's code.
    """
    segments = explainer.segments(name, code)
    if segments is None:
        message = f"{name} can't be taken apart: PyTorch's values do not fit into it"
        raise Problem(INSPECT, message)
    codes = [view(segment) for segment in segments]
    yield Inspected(generation, index, codes, more_to_come=True)
    would_be = explainer.counterfactual(name, code, values) if values else None
    yield Inspected(
        generation,
        index,
        codes,
        finite(would_be.disappears) if would_be else None,
        finite(would_be.layer_only) if would_be and would_be.layer_only else None,
        explainer.self_test(name),
    )


def view(segment: Segment) -> SegmentView:
    """What computes one value, operation by operation."""
    pairs = paired_steps(segment)
    ours = [
        _ours(segment, i, pairs.get(OperationIndex(i)))
        for i, op in enumerate(segment.operations)
        if not op.parts
    ]
    return SegmentView(
        str(segment.target),
        ours,
        [_theirs(segment, number) for number in range(len(segment.steps))],
        segment.culprit if segment.wrong else None,
    )


def _ours(segment: Segment, index: int, pair: Paired | None) -> OperationView:
    op = segment.operations[index]
    matches = segment.matches[index]
    return OperationView(
        op.name,
        op.place,
        describe(op.value),
        [f"{used} {segment.operations[used].name}" for used in op.operands],
        str(matches[0]) if matches else "",
        segment.right[index],
        pair.step if pair else None,
        pair.error if pair else None,
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
