"""Hypotheses that account for a value that the candidate has and the reference has not.

Each wrong operation of the candidate may be meant for one of the reference's values: it is
their counterpart. A mistake that makes exactly what a counterpart has is seen, not
supposed, even where later mistakes hide it at the end of the segment.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, pairwise
from typing import Any

import torch
from torch import Tensor

from debug.candidate.operations import OperationIndex
from debug.causes.hypotheses.added import added_values, vectors
from debug.causes.hypotheses.axes import Axes, axes_of
from debug.causes.hypotheses.fit import Fit, Support, Transform, supports
from debug.causes.hypotheses.fitted import fits, local_fits
from debug.causes.hypotheses.heads import other_splits
from debug.causes.hypotheses.mistake import Called, Key
from debug.causes.hypotheses.operands import (
    Hypothesis,
    Kind,
    exchanged,
    hypotheses_at,
    other_activations,
    other_values,
    parts_exchanged,
)
from debug.causes.hypotheses.order import moved_steps
from debug.causes.hypotheses.other_numbers import Family, best_number, families
from debug.causes.segment import Segment
from debug.measure.matching import (
    Sought,
    distance,
    in_shape_of,
    norm_of,
    share_explained,
)
from debug.protocol.verdict import LAYER
from debug.reference.recording import Replacement, Step, ValueId, run_step

FITS_FROM = 0.99
"""The share of one operation's error from which a fit is taken for more than chance."""
FITTED_COUNTERPARTS = 5
ENOUGH = 50_000
"""As many numbers of a value tell which number a step took."""
ALIKE = 0.3
"""The cosine from which other numbers were meant for a table."""
DOES_NOT_RUN = (RuntimeError, IndexError, TypeError, ValueError)
"""What a replay raises where shapes do not fit: then it was not that."""

Keys = frozenset[Key]


@dataclass(frozen=True)
class Counterpart:
    """An operation of the candidate that may be meant for one of the reference's values."""

    operation: OperationIndex
    value: Tensor
    """In the reference's layout."""
    supports: list[Support]
    """Where it differs, if that is in few places."""


def seen_in_candidate(
    segment: Segment, only: Collection[Keys] | None = None
) -> Iterator[Hypothesis]:
    """What makes a value that the candidate has and the reference has not; ``only`` the
    mistakes with these keys."""
    indices = [OperationIndex(i) for i in range(len(segment.operations))]
    wrong = [i for i in indices if not segment.right[i]]
    from_input = [i for i in wrong if segment.operations[i].from_input]
    for step in segment.frontier:
        counterparts = _counterparts(segment, segment.pool[step.result], from_input)
        for hypothesis in hypotheses_at(segment, step):
            if only is None or hypothesis.keys in only:
                yield from _with_a_counterpart(segment, step, hypothesis, counterparts)
        few = _few(counterparts)
        yield from _with_another_number(segment, step, few, only)
        if only is not None:
            continue
        yield from _fitted(segment, step.result, few)
        yield from _other_tables(segment, step, few)
        for operand in dict.fromkeys(step.operands):
            if operand not in segment.pool:
                continue
            is_weight = operand in segment.recording.weights
            meant = wrong if is_weight else from_input
            counterparts = _counterparts(segment, segment.pool[operand], meant)
            yield from _fitted(segment, operand, _few(counterparts))
    if only is not None:
        return
    if not segment.frontier:
        target = segment.target.value
        yield from other_values(segment, target)
        if target in segment.pool:  # positions are no numbers that a factor is wrong in
            nearest = _counterparts(segment, segment.goal, wrong)[-1:]
            yield from _fitted(segment, target, nearest)
    yield from exchanged(segment)
    yield from parts_exchanged(segment)
    yield from other_activations(segment)
    yield from moved_steps(segment.lacking, segment.recording)
    for key, text, steps in other_splits(segment.lacking, segment.recording):
        yield Hypothesis(text, frozenset({key}), steps)


def _counterparts(
    segment: Segment, exact: Sought, wrong: Sequence[OperationIndex]
) -> list[Counterpart]:
    found = []
    for index in wrong:
        segment.pause()
        op = segment.operations[index]
        laid = None if op.has_nan else in_shape_of(op.value, exact.value)
        if laid is not None:
            local = supports(laid, exact.value, exact.limit)
            found.append(Counterpart(index, laid, local))
    return found


def _few(counterparts: Sequence[Counterpart]) -> Sequence[Counterpart]:
    """The first, which the mistake is nearest to, and the last, which has all of it; each
    value once, whatever passes it on."""
    different = list(counterparts[:1])
    for before, each in pairwise(counterparts):
        if not torch.equal(before.value, each.value):
            different.append(each)
    if len(different) <= FITTED_COUNTERPARTS:
        return different
    return [*different[: FITTED_COUNTERPARTS - 1], different[-1]]


def _with_a_counterpart(
    segment: Segment,
    step: Step,
    hypothesis: Hypothesis,
    counterparts: Sequence[Counterpart],
) -> Iterator[Hypothesis]:
    """A hypothesis whose value is among the candidate's, whole or in a few slices."""
    segment.pause()
    exact = segment.pool[step.result]
    supposed = _made_by(segment, step, hypothesis.replaced_steps[step.result])
    if supposed is None or supposed.shape != exact.value.shape:
        return
    limit = LAYER.watch_up_to * exact.floor * max(exact.norm, norm_of(supposed))
    for counterpart in counterparts:
        if distance(counterpart.value, supposed) <= limit:
            yield replace(hypothesis, operation=counterpart.operation)
            return
        for support in counterpart.supports:
            blended = support.blend(exact.value, supposed)
            if distance(counterpart.value, blended) <= limit:
                where = support.said(_axes(segment, step.result))
                yield replace(
                    hypothesis,
                    text=f"{hypothesis.text}, at {where} only",
                    keys=frozenset({*hypothesis.keys, ("only at", *support.key)}),
                    replaced_steps={step.result: _always(blended, segment, step)},
                    kind=Kind.FITTED,
                    operation=counterpart.operation,
                )
                return


def _made_by(segment: Segment, step: Step, call: Replacement) -> Tensor | None:
    try:
        return run_step(step, segment.recording.values, call).squeeze()
    except DOES_NOT_RUN:
        return None


def _always(value: Tensor, segment: Segment, step: Step) -> Replacement:
    shape = segment.recording.values[step.result].shape
    return lambda args, kwargs: value.reshape(shape)


# -- Fits ----------------------------------------------------------------------------


def _with_another_number(
    segment: Segment,
    step: Step,
    counterparts: Sequence[Counterpart],
    only: Collection[Keys] | None,
) -> Iterator[Hypothesis]:
    """A step with another number than the reference's."""
    exact = segment.pool[step.result]
    for family in families(Called(step, segment.recording)):
        for counterpart in counterparts:
            number = _number(segment, step, family, counterpart)
            if number is None:
                continue
            call = family.replacement(number)
            keys = frozenset({(*family.key, number)})
            supposed = _made_by(segment, step, call)
            if supposed is None or (only is not None and keys not in only):
                continue
            explains = share_explained(counterpart.value, exact.value, supposed)
            if explains >= FITS_FROM:
                yield Hypothesis(
                    family.text(number),
                    keys,
                    {step.result: call},
                    operation=counterpart.operation,
                )
                break


def _number(
    segment: Segment, step: Step, family: Family, counterpart: Counterpart
) -> float | None:
    """Found on some of the rows: a number is the same in all."""
    exact, values = segment.pool[step.result], list(segment.recording.values)
    every = max(1, exact.value.numel() // ENOUGH)
    for operand in step.operands:
        if values[operand].shape == values[step.result].shape:
            values[operand] = _some_rows(values[operand], every)
    wanted = _some_rows(counterpart.value, every)

    def error(number: float) -> float:
        segment.pause()
        try:
            supposed = run_step(step, values, family.replacement(number)).squeeze()
        except DOES_NOT_RUN:
            return float("inf")
        same = supposed.shape == wanted.shape
        return distance(wanted, supposed) if same else float("inf")

    return best_number(family, error, LAYER.ok_up_to * exact.floor * norm_of(wanted))


def _some_rows(value: Tensor, every: int) -> Tensor:
    return value[..., ::every, :] if value.ndim > 1 else value


def _axes(segment: Segment, value: ValueId) -> Axes:
    return axes_of(segment.recording.values[value], segment.rows, segment.row)


def _fitted(
    segment: Segment, index: ValueId, counterparts: Sequence[Counterpart]
) -> Iterator[Hypothesis]:
    """What a wrong value is of the right one."""
    exact = segment.pool[index]
    like = segment.recording.values[index]
    made = segment.recording.maker(index) is not None
    for counterpart in counterparts:
        for fit in _all_fits(segment, index, counterpart):
            segment.pause()
            supposed = fit.transform(exact.value)
            if share_explained(counterpart.value, exact.value, supposed) < FITS_FROM:
                continue
            call = partial(_transformed, transform=fit.transform, like=like, value=index)
            text = fit.about(exact.label)
            yield Hypothesis(
                text,
                frozenset({("fitted", text)}),
                {index: partial(call, segment=segment)} if made else {},
                {} if made else {index: supposed.reshape(like.shape)},
                None if made else segment.recording.names.get(index),
                Kind.VAGUE if fit.vague else Kind.FITTED,
                counterpart.operation,
            )


def _other_tables(
    segment: Segment, step: Step, counterparts: Sequence[Counterpart]
) -> Iterator[Hypothesis]:
    """Other numbers in the place of a weight that is added, such as a table of positions
    that is computed: they are what the sum is without the other value."""
    recording = segment.recording
    if step.name not in ("add", "iadd") or len(step.operands) != 2:
        return
    for weight, other in (step.operands, step.operands[::-1]):
        right = recording.values[weight]
        if weight not in recording.weights or right.ndim < 2 or other not in segment.pool:
            continue
        for counterpart in counterparts:
            if counterpart.value.shape != segment.pool[other].value.shape:
                continue
            table = counterpart.value - segment.pool[other].value
            if table.numel() != right.numel():
                continue
            table = table.reshape(right.shape)
            alike = torch.cosine_similarity(table.flatten(), right.double().flatten(), 0)
            if alike < ALIKE:
                continue
            name = recording.name(weight)
            yield Hypothesis(
                f"other numbers in place of {name} (their correlation is {alike:.3f})",
                frozenset({("other numbers", name)}),
                replaced_values={weight: table},
                weight=name,
                kind=Kind.VAGUE,
                operation=counterpart.operation,
            )


def _all_fits(segment: Segment, index: ValueId, counterpart: Counterpart) -> Iterator[Fit]:
    exact, recording = segment.pool[index], segment.recording
    value, axes = counterpart.value, _axes(segment, index)
    made = recording.maker(index)
    # A multiple of what a sum is made of is a factor of that, which is fitted for itself.
    parts = {index, *(made.operands if made is not None else ())}
    others = {
        recording.name(i): segment.pool[i].value
        for i in segment.pool
        if i not in parts and segment.pool[i].value.shape == exact.value.shape
    }
    local = chain.from_iterable(
        local_fits(value, exact.value, support, axes) for support in counterpart.supports
    )
    yield from added_values(value, exact.value, others)
    yield from vectors(value, exact.value, recording.all_weights)
    yield from fits(value, exact.value, axes)
    yield from local


def _transformed(
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    transform: Transform,
    like: Tensor,
    value: ValueId,
    segment: Segment,
) -> Tensor:
    made = segment.recording.maker(value)
    right = like if made is None else made.function(*args, **kwargs)
    return transform(right.squeeze()).reshape(like.shape)
