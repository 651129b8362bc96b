"""Hypotheses that account for a value that the candidate has and the reference has not.

Each wrong operation of the candidate may be meant for one of the reference's values: it is
their counterpart. A mistake that makes exactly what a counterpart has is seen, not
supposed, even where later mistakes hide it at the end of the segment.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from debug.candidate.operations import OperationIndex
from debug.causes.counterparts import Counterpart, counterparts_of, few, named_axes
from debug.causes.fitting import (
    Keys,
    fitted,
    fitted_before_the_bias,
    other_ids,
    other_tables,
    with_another_number,
)
from debug.causes.hypotheses.angles import other_angles
from debug.causes.hypotheses.convolutions import other_convolutions
from debug.causes.hypotheses.exchanged import (
    exchanged,
    parts_exchanged,
    weights_exchanged,
)
from debug.causes.hypotheses.functions import mistakes
from debug.causes.hypotheses.heads import other_splits
from debug.causes.hypotheses.kernels import reshaped_kernels
from debug.causes.hypotheses.masking import other_masks
from debug.causes.hypotheses.mistake import always
from debug.causes.hypotheses.moved_steps import factors_after_softmax, moved_steps
from debug.causes.hypotheses.norms import written_norms
from debug.causes.hypotheses.operands import (
    Hypothesis,
    Kind,
    hypotheses_at,
    of_mistake,
    other_activations,
    other_values,
)
from debug.causes.hypotheses.readings import misread_layouts, other_readings
from debug.causes.hypotheses.repeated import other_calls
from debug.causes.hypotheses.rotations import turned_otherwise
from debug.causes.segment import Segment
from debug.causes.sums import other_terms
from debug.causes.tables import other_tables_of_numbers
from debug.causes.taps import other_taps
from debug.causes.together import joined
from debug.measure.matching import distance, in_shape_of, norm_of
from debug.protocol.verdict import LAYER
from debug.reference.pytorch_functions import LAYOUTS
from debug.reference.recording import DOES_NOT_RUN, Step, ValueId, made_by


def seen_in_candidate(
    segment: Segment, only: Collection[Keys] | None = None
) -> Iterator[Hypothesis]:
    """What makes a value that the candidate has and the reference has not; ``only`` the
    mistakes with these keys."""
    indices = [OperationIndex(i) for i in range(len(segment.operations))]
    wrong = [i for i in indices if not segment.right[i]]
    from_input = [i for i in wrong if segment.operations[i].from_input]
    for step in segment.frontier:
        # What is made of weights alone, as a bias by position, is made so in the candidate.
        may_be = wrong if step.result in segment.of_weights else from_input
        counterparts = counterparts_of(segment, segment.pool[step.result], may_be)
        for hypothesis in hypotheses_at(segment, step):
            if only is None or hypothesis.keys in only:
                yield from _with_a_counterpart(segment, step, hypothesis, counterparts)
        if only is not None:
            continue
        nearest = few(counterparts)
        yield from with_another_number(segment, step, nearest)
        yield from fitted(segment, step.result, nearest)
        yield from fitted_before_the_bias(segment, step, from_input)
        yield from other_terms(segment, step, nearest)
        yield from other_taps(segment, step, nearest)
        yield from other_tables(segment, step, nearest)
        for operand in dict.fromkeys(step.operands):
            if operand not in segment.pool:
                continue
            is_weight = operand in segment.recording.weights
            meant = wrong if is_weight else from_input
            counterparts = counterparts_of(segment, segment.pool[operand], meant)
            yield from fitted(segment, operand, few(counterparts))
    if only is not None:
        return
    if not segment.frontier:
        target = segment.target.value
        yield from other_values(segment, target)
        if target in segment.pool:  # positions are no numbers that a factor is wrong in
            nearest = counterparts_of(segment, segment.goal, wrong)[-1:]
            yield from fitted(segment, target, nearest)
        else:
            yield from other_ids(segment)
    yield from other_tables_of_numbers(segment)
    yield from exchanged(segment)
    yield from parts_exchanged(segment)
    yield from weights_exchanged(segment)
    yield from other_calls(segment)
    yield from other_readings(segment)
    yield from misread_layouts(segment)
    yield from other_masks(segment)
    yield from other_convolutions(segment)
    yield from reshaped_kernels(segment)
    yield from other_activations(segment)
    yield from turned_otherwise(segment)
    yield from other_angles(segment)
    yield from moved_steps(segment.lacking, segment.recording)
    yield from factors_after_softmax(segment.steps, segment.recording)
    for several in (other_splits, written_norms):
        for key, text, steps in several(segment.steps, segment.recording):
            yield Hypothesis(text, frozenset({key}), steps)
    yield from _seen_in_what_follows(segment, from_input)


def _seen_in_what_follows(
    segment: Segment, wrong: Sequence[OperationIndex]
) -> Iterator[Hypothesis]:
    """Mistakes whose consequence the candidate has: of a factor that is left out of the
    keys nothing is seen but the scores."""
    together: dict[ValueId, list[Step]] = {}
    for step in segment.frontier:
        following = _following(segment, step)
        if following is not None and following.result in segment.pool:
            together.setdefault(following.result, []).append(step)
    for following, steps in together.items():
        exact = segment.pool[following]
        counterparts = counterparts_of(segment, exact, wrong)
        for hypothesis in _of_all_or_one(steps, segment) if counterparts else ():
            segment.pause()
            operation = _that_has(following, hypothesis, segment, counterparts)
            if operation is not None:
                yield replace(hypothesis, operation=operation)


def _of_all_or_one(steps: Sequence[Step], segment: Segment) -> list[Hypothesis]:
    """The mistakes of some steps, the same one of all of them first: they may share a
    number."""
    alike: dict[Keys, list[Hypothesis]] = {}
    for step in steps:
        for mistake in mistakes(step, segment.recording):
            hypothesis = of_mistake(mistake, step)
            alike.setdefault(hypothesis.keys, []).append(hypothesis)
    several = [joined(each) for each in alike.values() if len(each) > 1]
    return [*several, *(one for each in alike.values() for one in each)]


def _that_has(
    value: ValueId,
    hypothesis: Hypothesis,
    segment: Segment,
    counterparts: Sequence[Counterpart],
) -> OperationIndex | None:
    """The candidate's operation that makes what a value would be under a hypothesis."""
    exact = segment.pool[value]
    try:
        made = segment.recording.replay(value, hypothesis.replaced_steps)
    except DOES_NOT_RUN:
        return None
    supposed = in_shape_of(made, exact.value)
    if supposed is None:
        return None
    limit = LAYER.watch_up_to * exact.floor * max(exact.norm, norm_of(supposed))
    has = (c.operation for c in counterparts if distance(c.value, supposed) <= limit)
    return next(has, None)


def _following(segment: Segment, step: Step) -> Step | None:
    """The next step that makes new numbers of a step's result."""
    values = {step.result}
    for each in segment.steps:
        if each.result != step.result and not values.isdisjoint(each.operands):
            if each.name not in LAYOUTS:
                return each
            values.add(each.result)
    return None


def _with_a_counterpart(
    segment: Segment,
    step: Step,
    hypothesis: Hypothesis,
    counterparts: Sequence[Counterpart],
) -> Iterator[Hypothesis]:
    """A hypothesis whose value is among the candidate's, whole or in a few slices."""
    segment.pause()
    if not counterparts:
        return
    exact = segment.pool[step.result]
    supposed = made_by(
        step, segment.recording.values, hypothesis.replaced_steps[step.result]
    )
    if supposed is None or supposed.shape != exact.value.shape:
        return
    shape = segment.recording.values[step.result].shape
    limit = LAYER.watch_up_to * exact.floor * max(exact.norm, norm_of(supposed))
    for counterpart in counterparts:
        if distance(counterpart.value, supposed) <= limit:
            yield replace(hypothesis, operation=counterpart.operation)
            return
        for support in counterpart.supports:
            blended = support.blend(exact.value, supposed)
            if distance(counterpart.value, blended) <= limit:
                where = support.said(named_axes(segment, step.result))
                yield replace(
                    hypothesis,
                    text=f"{hypothesis.text}, at {where} only",
                    keys=frozenset({*hypothesis.keys, ("only at", *support.key)}),
                    replaced_steps={step.result: always(blended.reshape(shape))},
                    kind=Kind.FITTED,
                    operation=counterpart.operation,
                )
                return
