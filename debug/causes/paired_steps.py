"""Which of the reference's steps each of the candidate's operations stands for.

An operation that makes one of the reference's values belongs to the step that makes it. A
wrong one makes none: it belongs to the step, of those that the candidate has no value for,
whose value it is most like, so that what should have been stands beside what is.
"""

from typing import NamedTuple

from debug.candidate.operations import OperationIndex
from debug.causes.segment import Segment
from debug.measure.matching import in_shape_of, norm_of, relative_error
from debug.measure.statistics import finite

LIKE = 0.5
"""The smallest cosine of a wrong value with the one that it should have been."""


class Paired(NamedTuple):
    step: int
    """Its place among the segment's steps."""
    error: float | None
    """The relative L2 difference of the two values; None where one is no number."""


def paired_steps(segment: Segment) -> dict[OperationIndex, Paired]:
    """By operation, of those that stand for a step; each step is stood for once."""
    makers = {step.result: number for number, step in enumerate(segment.steps)}
    steps = {
        id(sought): makers[value]
        for value, sought in segment.pool.items()
        if value in makers
    }
    found: dict[OperationIndex, Paired] = {}
    taken: set[int] = set()
    wrong: list[OperationIndex] = []
    for number, op in enumerate(segment.operations):
        index = OperationIndex(number)
        if op.parts:
            continue
        made = [
            steps[id(m.sought)] for m in segment.matches[number] if id(m.sought) in steps
        ]
        step = next((each for each in made if each not in taken), None)
        if step is not None and segment.right[number]:
            taken.add(step)
            found[index] = Paired(step, _error(segment, index, step))
        elif not segment.right[number]:
            wrong.append(index)
    for index in wrong:
        step = _most_like(segment, index, taken)
        if step is not None:
            taken.add(step)
            found[index] = Paired(step, _error(segment, index, step))
    return found


def _most_like(segment: Segment, index: OperationIndex, taken: set[int]) -> int | None:
    """The step that a wrong operation is likely meant for, if any is."""
    lacking = {step.result for step in segment.lacking}
    best, most = None, LIKE
    for number, step in enumerate(segment.steps):
        if number in taken or step.result not in lacking:
            continue
        segment.pause()
        alike = abs(_cosine(segment, index, number))
        if alike >= most and (best is None or alike > most):
            best, most = number, alike
    return best


def _cosine(segment: Segment, index: OperationIndex, step: int) -> float:
    exact = segment.recording.values[segment.steps[step].result].squeeze()
    value, op = None, segment.operations[index]
    if exact.is_floating_point() and not op.has_nan:
        value = in_shape_of(op.value, exact)
    if value is None:
        return 0.0
    norms = norm_of(value) * norm_of(exact)
    return (value * exact).sum().item() / norms if norms else 0.0


def _error(segment: Segment, index: OperationIndex, step: int) -> float | None:
    exact = segment.recording.values[segment.steps[step].result].squeeze().double()
    value = in_shape_of(segment.operations[index].value, exact)
    return None if value is None else finite(relative_error(value, exact))
