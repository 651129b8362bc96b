"""Hypotheses with numbers that are fitted to a value of the candidate.

A step with another number than the reference's, something that was done to a right value
(`debug.causes.hypotheses.fit`), or other numbers in the place of a table. Each is kept only
if it accounts for nearly all of the error of the one operation that it was fitted to.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

import torch
from torch import Tensor

from debug.candidate.operations import OperationIndex
from debug.causes.counterparts import (
    Counterpart,
    counterparts_of,
    few,
    named_axes,
)
from debug.causes.hypotheses.added import (
    added_values,
    factor_but_for_a_vector,
    vectors,
)
from debug.causes.hypotheses.axes import Axes
from debug.causes.hypotheses.every_fit import fits, fits_of_ids, local_fits
from debug.causes.hypotheses.family import Family, best_number
from debug.causes.hypotheses.fit import Fit
from debug.causes.hypotheses.mistake import Called, Key, always
from debug.causes.hypotheses.operands import Hypothesis, Kind
from debug.causes.hypotheses.other_numbers import families
from debug.causes.segment import Segment
from debug.measure.matching import Sought, distance, norm_of, share_explained
from debug.protocol.verdict import LAYER
from debug.reference.recording import Replacement, Step, ValueId, made_by

FITS_FROM = 0.99
"""The share of one operation's error from which a fit is taken for more than chance."""
ENOUGH = 50_000
"""This many numbers of a value are enough to tell which number a step took."""
ALIKE = 0.1
"""The cosine from which other numbers were meant for a table."""

Keys = frozenset[Key]


def with_another_number(
    segment: Segment, step: Step, counterparts: Sequence[Counterpart]
) -> Iterator[Hypothesis]:
    """A step with another number than the reference's."""
    exact = segment.pool[step.result]
    for family in families(Called(step, segment.recording)):
        for counterpart in counterparts:
            number = _number(segment, step, family, counterpart)
            if number is None:
                continue
            found = with_number(family, step, number, counterpart.operation)
            call = found.replaced_steps[step.result]
            supposed = made_by(step, segment.recording.values, call)
            if supposed is None:
                continue
            explains = share_explained(counterpart.value, exact.value, supposed)
            if explains >= FITS_FROM:
                yield found
                break


def with_number(
    family: Family, step: Step, number: float, operation: OperationIndex | None = None
) -> Hypothesis:
    """The mistake of a family that has a number."""
    return Hypothesis(
        family.text(number),
        frozenset({(*family.key, number)}),
        {step.result: family.replacement(number)},
        kind=Kind.MISTAKEN,
        operation=operation,
        right=family.right,
        wrong=family.sign * number,
    )


def _number(
    segment: Segment, step: Step, family: Family, counterpart: Counterpart
) -> float | None:
    """Found on some of the rows: a number is the same in all."""
    exact, values = segment.pool[step.result], list(segment.recording.values)
    shape = values[step.result].shape
    by_rows = [i for i in step.operands if values[i].shape == shape]
    is_convolution = step.name.startswith("conv")  # whose rows are its channels
    few_rows = by_rows and not is_convolution
    every = max(1, exact.value.numel() // ENOUGH) if few_rows else 1
    for operand in by_rows:
        values[operand] = _some_rows(values[operand], every)
    wanted = _some_rows(counterpart.value, every)

    def error(number: float) -> float:
        segment.pause()
        supposed = made_by(step, values, family.replacement(number))
        if supposed is None or supposed.shape != wanted.shape:
            return float("inf")
        return distance(wanted, supposed)

    enough = LAYER.ok_up_to * exact.floor * norm_of(wanted)
    return best_number(error, family.low, family.high, enough)


def _some_rows(value: Tensor, every: int) -> Tensor:
    return value[..., ::every, :] if value.ndim > 1 else value


def fitted(
    segment: Segment, index: ValueId, counterparts: Sequence[Counterpart]
) -> Iterator[Hypothesis]:
    """What a wrong value is of the right one."""
    exact = segment.pool[index]
    like = segment.recording.values[index]
    made = segment.recording.maker(index)
    is_weight = index in segment.recording.weights
    others = _others(segment, index)
    for counterpart, fit, text in _fits_of(segment, index, exact, counterparts, others):
        supposed = fit.transform(exact.value).reshape(like.shape)
        yield Hypothesis(
            text,
            frozenset({("fitted", text)}),
            {} if made is None else {index: _transformed(made.function, fit, like)},
            {index: supposed} if made is None else {},
            segment.recording.names.get(index) if is_weight else None,
            Kind.VAGUE if fit.vague else Kind.FITTED,
            counterpart.operation,
            takes=others.get(fit.takes or ""),
            extra=fit.extra,
            done=fit.said,
        )


def fitted_before_the_bias(
    segment: Segment, step: Step, wrong: Sequence[OperationIndex]
) -> Iterator[Hypothesis]:
    """What a product is of the right one, where a bias is added to it afterwards."""
    if step.name != "linear" or len(step.operands) < 3:
        return
    values = segment.recording.values
    bias = values[step.operands[2]]
    label = f"the product before {segment.recording.name(step.operands[2])} is added"
    floor = segment.pool[step.result].floor
    product = (values[step.result] - bias).squeeze()
    exact = Sought(label, product, norm_of(product), floor)
    like = values[step.result]

    def without(*args: Any, **kwargs: Any) -> Tensor:
        return step.function(*args, **kwargs) - bias

    nearest = few(counterparts_of(segment, exact, wrong))
    others = _others(segment, step.result)
    for counterpart, fit, text in _fits_of(segment, step.result, exact, nearest, others):
        call = _transformed(without, fit, like)

        def biased(args: Any, kwargs: Any, call: Replacement = call) -> Tensor:
            return call(args, kwargs) + bias

        yield Hypothesis(
            text,
            frozenset({("fitted", text)}),
            {step.result: biased},
            kind=Kind.VAGUE if fit.vague else Kind.FITTED,
            operation=counterpart.operation,
        )


def _fits_of(
    segment: Segment,
    index: ValueId,
    exact: Sought,
    counterparts: Sequence[Counterpart],
    others: Mapping[str, ValueId],
) -> Iterator[tuple[Counterpart, Fit, str]]:
    """The fits that account for nearly all of the error of a counterpart."""
    values = {name: segment.pool[i].value for name, i in others.items()}
    axes = named_axes(segment, index)
    for counterpart in counterparts:
        for fit in _all_fits(segment, exact, counterpart, values, axes):
            segment.pause()
            supposed = fit.transform(exact.value)
            if share_explained(counterpart.value, exact.value, supposed) >= FITS_FROM:
                yield counterpart, fit, fit.about(exact.label)
        if (scaled := factor_but_for_a_vector(counterpart.value, exact.value)) is None:
            continue
        # The candidate may have the factor elsewhere, as all of attention's in the query.
        value, weights = counterpart.value / scaled, segment.recording.all_weights
        for fit in vectors(value, exact.value, weights, axes):
            segment.pause()
            if share_explained(value, exact.value, fit.transform(exact.value)) >= FITS_FROM:
                yield counterpart, fit, fit.about(exact.label)


def _transformed(function: Callable[..., Tensor], fit: Fit, like: Tensor) -> Replacement:
    def call(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Tensor:
        return fit.transform(function(*args, **kwargs).squeeze()).reshape(like.shape)

    return call


def other_tables(
    segment: Segment, step: Step, counterparts: Sequence[Counterpart]
) -> Iterator[Hypothesis]:
    """Other numbers in the place of a weight that is added, such as a table of positions
    that is computed: they are what the sum is without the other value."""
    recording = segment.recording
    if step.name not in ("add", "iadd") or len(step.operands) != 2:
        return
    known = {id(m.sought) for op in segment.matches for m in op if not m.suspicious}
    for weight, other in (step.operands, step.operands[::-1]):
        right = recording.values[weight]
        if weight in segment.pool and id(segment.pool[weight]) in known:
            continue  # the candidate has the table
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
                f"other numbers, perhaps computed, in place of {name} "
                f"(their correlation is {alike:.3f})",
                frozenset({("other numbers", name)}),
                replaced_values={weight: table},
                weight=name,
                kind=Kind.VAGUE,
                operation=counterpart.operation,
            )


def other_ids(segment: Segment) -> Iterator[Hypothesis]:
    """Other whole numbers at a segment's end, such as positions that begin at 1."""
    target, value = segment.target.value, segment.value
    right = segment.recording.values[target]
    if value is None or right.is_floating_point() or not right.numel():
        return
    axes = named_axes(segment, target)
    for fit in fits_of_ids(value, segment.goal.value, axes):
        supposed = fit.transform(segment.goal.value)
        if not torch.equal(supposed, value):
            continue
        text = fit.about(f"the {segment.target}")
        made = segment.recording.maker(target) is not None
        supposed = supposed.reshape(right.shape)
        yield Hypothesis(
            text,
            frozenset({("ids", text)}),
            {target: always(supposed)} if made else {},
            {} if made else {target: supposed},
            kind=Kind.FITTED,
        )


def _all_fits(
    segment: Segment,
    exact: Sought,
    counterpart: Counterpart,
    others: Mapping[str, Tensor],
    axes: Axes,
) -> Iterator[Fit]:
    value = counterpart.value
    local = chain.from_iterable(
        local_fits(value, exact.value, support, axes) for support in counterpart.supports
    )
    yield from added_values(value, exact.value, others)
    yield from vectors(value, exact.value, segment.recording.all_weights, axes)
    yield from fits(value, exact.value, axes)
    yield from local


def _others(segment: Segment, index: ValueId) -> dict[str, ValueId]:
    """Values of the same shape that may have been added to one, by name."""
    recording, pool = segment.recording, segment.pool
    made = recording.maker(index)
    # A multiple of what a sum is made of is a factor of that, which is fitted for itself.
    parts = {index, *(made.operands if made is not None else ())}
    shape = pool[index].value.shape
    return {
        recording.name(i): i
        for i in pool
        if i not in parts and pool[i].value.shape == shape
    }
