"""Why a value is wrong: suppositions about the reference's own steps, tried with numbers.

A supposition changes one step, or takes one value for another, and the reference runs
again from there. How much of the candidate's error that accounts for is its share.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import Any

import torch
from torch import Tensor

from debug.causes.hypotheses.fitted import Support, Transform, fits, local_fits, supports
from debug.causes.hypotheses.operands import (
    FITTED,
    NAMED,
    Hypothesis,
    exchanged,
    hypotheses_at,
    other_values,
)
from debug.causes.segment import Segment
from debug.measure.matching import Sought, in_shape_of, relative_error, share_explained
from debug.protocol.verdict import LAYER
from debug.reference.recording import Replacement, Step, run_step

BUDGET_SECONDS = 30.0
WORTH_SHOWING = 0.3
FITS_FROM = 0.99
"""The share of one operation's error from which a fit is taken for more than chance."""
FITTED_COUNTERPARTS = 4
MOST_IN_A_ROW = 2
"""Mistakes that are looked for behind a first one."""


@dataclass(frozen=True)
class Tried:
    """A hypothesis that was tried."""

    hypothesis: Hypothesis
    explains: float
    """The share of the error's energy, from 0 to 1."""
    ratio: float
    """R of what is left: where that is ok, nothing is left but rounding."""

    @property
    def complete(self) -> bool:
        return self.ratio <= LAYER.ok_up_to

    @property
    def rank(self) -> tuple[float, int, int]:
        """What explains more is first, then what is simpler, then what is earlier."""
        explains = 1.0 if self.complete else round(self.explains, 3)
        operation = self.hypothesis.operation
        return -explains, self.hypothesis.kind, -1 if operation is None else operation


def find_causes(segment: Segment, depth: int = MOST_IN_A_ROW) -> list[Tried]:
    """What explains a wrong value, best first; empty where nothing does."""
    if segment.value is None or not bool(torch.isfinite(segment.value).all()):
        return []
    deadline = time.monotonic() + BUDGET_SECONDS
    tried = _tried(segment, _seen(segment))
    seen = [c.hypothesis for c in tried if c.hypothesis.operation is not None]
    named = [hypothesis for hypothesis in seen if hypothesis.kind == NAMED]
    if len(named) > 1 and (all_named := attempt(segment, _joined(named))) is not None:
        tried.append(all_named)
    if not any(cause.complete for cause in tried):
        tried += _tried(segment, _unseen(segment, tried), deadline)
    best = sorted(tried, key=lambda cause: cause.rank)
    if best and not best[0].complete:
        best += _together(segment, best)
    if depth and named and not any(cause.complete for cause in best):
        best += _behind(segment, _joined(named), depth)
    best.sort(key=lambda cause: cause.rank)
    return [cause for cause in best if cause.explains >= WORTH_SHOWING]


def _tried(
    segment: Segment, hypotheses: Iterator[Hypothesis], deadline: float = float("inf")
) -> list[Tried]:
    found: list[Tried] = []
    for hypothesis in hypotheses:
        cause = attempt(segment, hypothesis)
        if cause is not None:
            found.append(cause)
            if cause.complete and hypothesis.kind == NAMED:
                break  # nothing ranks before it
        if time.monotonic() > deadline:
            break
    return found


def attempt(segment: Segment, hypothesis: Hypothesis) -> Tried | None:
    """Runs the reference under a hypothesis; None where it can't be run so."""
    segment.pause()
    value, goal = segment.value, segment.goal
    assert value is not None
    target = segment.target.value
    try:
        supposed = segment.recording.replay(target, hypothesis.calls, hypothesis.known)
    except (RuntimeError, IndexError, TypeError, ValueError):
        return None  # shapes that do not fit: it was not that
    supposed = in_shape_of(supposed, goal.value)
    if supposed is None:
        return None
    explains = share_explained(value, goal.value, supposed)
    return Tried(hypothesis, explains, relative_error(value, supposed) / goal.floor)


# -- What accounts for one of the candidate's values ---------------------------------


def _seen(segment: Segment) -> Iterator[Hypothesis]:
    """What makes a value that the candidate has and the reference has not."""
    wrong = [i for i, right in enumerate(segment.right) if not right]
    for step in segment.frontier:
        exact = segment.pool[step.result]
        fed = [index for index in wrong if segment.operations[index].fed]
        counterparts = _counterparts(segment, exact, fed)
        for hypothesis in hypotheses_at(segment, step):
            yield from _appearing(segment, step, hypothesis, counterparts)
        yield from _fitted(segment, step.result, counterparts[:FITTED_COUNTERPARTS])
        for operand in dict.fromkeys(step.operands):
            if operand not in segment.pool:
                continue
            is_weight = operand in segment.recording.weights
            meant = wrong if is_weight else fed
            counterparts = _counterparts(segment, segment.pool[operand], meant)
            yield from _fitted(segment, operand, counterparts[:FITTED_COUNTERPARTS])
    if not segment.frontier:
        target = segment.target.value
        yield from other_values(segment, target)
        yield from _fitted(
            segment, target, _counterparts(segment, segment.goal, wrong)[-1:]
        )
    yield from exchanged(segment)


@dataclass(frozen=True)
class Counterpart:
    """An operation of the candidate that may be meant for one of the reference's values."""

    operation: int
    value: Tensor
    """In the reference's layout."""
    supports: list[Support]
    """Where it differs, if that is in few places."""


def _counterparts(
    segment: Segment, exact: Sought, wrong: Sequence[int]
) -> list[Counterpart]:
    found = []
    for index in wrong:
        segment.pause()
        op = segment.operations[index]
        laid = in_shape_of(op.value, exact.value) if op.finite else None
        if laid is not None:
            local = supports(laid, exact.value, exact.limit)
            found.append(Counterpart(index, laid, local))
    return found


def _appearing(
    segment: Segment,
    step: Step,
    hypothesis: Hypothesis,
    counterparts: Sequence[Counterpart],
) -> Iterator[Hypothesis]:
    """A supposition whose value is among the candidate's, whole or in a few slices."""
    segment.pause()
    exact = segment.pool[step.result]
    try:
        call = hypothesis.calls[step.result]
        supposed = run_step(step, segment.recording.values, call).squeeze()
    except (RuntimeError, IndexError, TypeError, ValueError):
        return  # shapes that do not fit: it was not that
    if supposed.shape != exact.value.shape:
        return
    limit = LAYER.watch_up_to * exact.floor * max(exact.norm, supposed.norm().item())
    for counterpart in counterparts:
        if (counterpart.value - supposed).norm() <= limit:
            yield _at(hypothesis, counterpart.operation)
            return
        for support in counterpart.supports:
            blended = support.blend(exact.value, supposed)
            if (counterpart.value - blended).norm() <= limit:
                text = f"{hypothesis.text}, at {support} of axis {support.axis} only"
                call = _instead(blended, segment.recording.values[step.result])
                calls = {step.result: call}
                changed = replace(hypothesis, text=text, calls=calls, kind=FITTED)
                yield _at(changed, counterpart.operation)
                return


def _at(hypothesis: Hypothesis, operation: int) -> Hypothesis:
    return replace(hypothesis, operation=operation)


def _instead(value: Tensor, like: Tensor) -> Replacement:
    return lambda args, kwargs: value.reshape(like.shape)


def _fitted(
    segment: Segment, index: int, counterparts: Sequence[Counterpart]
) -> Iterator[Hypothesis]:
    """What a wrong value is of the right one."""
    exact = segment.pool[index]
    like = segment.recording.values[index]
    made = segment.recording.maker(index) is not None
    for counterpart in counterparts:
        local = (
            local_fits(counterpart.value, exact.value, support)
            for support in counterpart.supports
        )
        for fit in chain(fits(counterpart.value, exact.value), *local):
            segment.pause()
            supposed = fit.transform(exact.value)
            if share_explained(counterpart.value, exact.value, supposed) < FITS_FROM:
                continue
            text = f"{exact.label}: {fit.text}"
            call = partial(_transformed, transform=fit.transform, like=like, step=index)
            calls = {index: partial(call, segment=segment)} if made else {}
            known = {} if made else {index: supposed.reshape(like.shape)}
            weight = segment.recording.names.get(index) if not made else None
            yield Hypothesis(text, calls, known, weight, FITTED, counterpart.operation)


def _transformed(
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    transform: Transform,
    like: Tensor,
    step: int,
    segment: Segment,
) -> Tensor:
    made = segment.recording.maker(step)
    right = like if made is None else made.function(*args, **kwargs)
    return transform(right.squeeze()).reshape(like.shape)


def _unseen(segment: Segment, tried: list[Tried]) -> Iterator[Hypothesis]:
    """The rest, whose value the candidate does not have as such."""
    done = {cause.hypothesis.text for cause in tried}
    alike: dict[str, list[Hypothesis]] = {}
    for step in segment.frontier:
        for hypothesis in hypotheses_at(segment, step):
            alike.setdefault(hypothesis.text, []).append(hypothesis)
    for same in alike.values():  # a mistake in a constant is made wherever it is used
        if len(same) > 1 and (everywhere := _joined(same)).calls != same[0].calls:
            yield everywhere
    for text, same in alike.items():
        if text not in done:
            yield from same


# -- Several at once -----------------------------------------------------------------


def _together(segment: Segment, best: list[Tried], most: int = 4) -> list[Tried]:
    """What several explain that one does not: all whose values were seen, and the best
    one with what explains more of what it leaves."""
    found: list[Tried] = []
    seen = [cause.hypothesis for cause in best if cause.hypothesis.operation is not None]
    if seen and (all_seen := attempt(segment, _joined(seen))) is not None:
        found.append(all_seen)
    current = min([best[0], *found], key=lambda cause: cause.rank)
    pool = seen + [c.hypothesis for c in best if c.hypothesis.operation is None][:8]
    for _ in range(most - 1):
        if current.complete:
            break
        pairs = [_both(current.hypothesis, each) for each in pool]
        joined = [attempt(segment, pair) for pair in pairs if pair is not None]
        better = [c for c in joined if c is not None and c.explains > current.explains]
        if not better:
            break
        current = min(better, key=lambda cause: cause.rank)
        found.append(current)
    return found


def _joined(hypotheses: list[Hypothesis]) -> Hypothesis:
    """All at once, the simplest of each step."""
    joined = Hypothesis("")
    for each in sorted(hypotheses, key=lambda hypothesis: hypothesis.kind):
        joined = _both(joined, each) or joined
    return joined


def _behind(segment: Segment, first: Hypothesis, depth: int) -> list[Tried]:
    """Takes one mistake for certain, and looks for the next one behind it."""
    supposed = segment.supposing(first.calls, first.known)
    if not supposed.wrong:
        return []
    found = []
    for cause in find_causes(supposed, depth - 1):
        both = _both(first, cause.hypothesis)
        whole = None if both is None else attempt(segment, both)
        if whole is not None and both is not None:
            found.append(whole)
    return found


def _both(one: Hypothesis, other: Hypothesis) -> Hypothesis | None:
    if set(one.calls) & set(other.calls) or set(one.known) & set(other.known):
        return None
    text = f"{one.text}; and {other.text}"
    if not one.text or other.text in one.text:
        text = one.text or other.text
    return Hypothesis(
        text,
        {**one.calls, **other.calls},
        {**one.known, **other.known},
        one.weight or other.weight,
        max(one.kind, other.kind),
        one.operation if one.operation is not None else other.operation,
        (*one.swapped, *other.swapped),
    )
