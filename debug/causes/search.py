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
    other_values,
    suppositions,
)
from debug.causes.segment import Stretch
from debug.measure.matching import Known, in_shape_of, relative_error, share_explained
from debug.protocol.verdict import OK_UP_TO, WATCH_UP_TO
from debug.reference.recording import Call, Step, run_step

BUDGET_SECONDS = 30.0
WORTH_SHOWING = 0.3
FITS_FROM = 0.99
"""The share of one operation's error from which a fit is taken for more than chance."""
FITTED_PARTNERS = 4
MOST_IN_A_ROW = 2
"""Mistakes that are looked for behind a first one."""


@dataclass(frozen=True)
class Cause:
    """A hypothesis that was tried."""

    hypothesis: Hypothesis
    explains: float
    """The share of the error's energy, from 0 to 1."""
    ratio: float
    """R of what is left: up to 4, nothing is left but rounding."""

    @property
    def complete(self) -> bool:
        return self.ratio <= OK_UP_TO

    @property
    def rank(self) -> tuple[float, int, int]:
        """What explains more is first, then what is simpler, then what is earlier."""
        explains = 1.0 if self.complete else round(self.explains, 3)
        operation = self.hypothesis.operation
        return -explains, self.hypothesis.kind, -1 if operation is None else operation


def causes(stretch: Stretch, depth: int = MOST_IN_A_ROW) -> list[Cause]:
    """What explains a wrong value, best first; empty where nothing does."""
    if stretch.value is None or not bool(torch.isfinite(stretch.value).all()):
        return []
    deadline = time.monotonic() + BUDGET_SECONDS
    tried = _tried(stretch, _seen(stretch))
    seen = [c.hypothesis for c in tried if c.hypothesis.operation is not None]
    named = [hypothesis for hypothesis in seen if hypothesis.kind == NAMED]
    if len(named) > 1 and (all_named := attempt(stretch, _joined(named))) is not None:
        tried.append(all_named)
    if not any(cause.complete for cause in tried):
        tried += _tried(stretch, _unseen(stretch, tried), deadline)
    best = sorted(tried, key=lambda cause: cause.rank)
    if best and not best[0].complete:
        best += _together(stretch, best)
    if depth and named and not any(cause.complete for cause in best):
        best += _behind(stretch, _joined(named), depth)
    best.sort(key=lambda cause: cause.rank)
    return [cause for cause in best if cause.explains >= WORTH_SHOWING]


def _tried(
    stretch: Stretch, hypotheses: Iterator[Hypothesis], deadline: float = float("inf")
) -> list[Cause]:
    found: list[Cause] = []
    for hypothesis in hypotheses:
        cause = attempt(stretch, hypothesis)
        if cause is not None:
            found.append(cause)
            if cause.complete and hypothesis.kind == NAMED:
                break  # nothing ranks before it
        if time.monotonic() > deadline:
            break
    return found


def attempt(stretch: Stretch, hypothesis: Hypothesis) -> Cause | None:
    """Runs the reference under a hypothesis; None where it can't be run so."""
    stretch.pause()
    value, goal = stretch.value, stretch.goal
    assert value is not None
    target = stretch.target.value
    try:
        supposed = stretch.recording.replay(target, hypothesis.calls, hypothesis.known)
    except (RuntimeError, IndexError, TypeError, ValueError):
        return None  # shapes that do not fit: it was not that
    supposed = in_shape_of(supposed, goal.value)
    if supposed is None:
        return None
    explains = share_explained(value, goal.value, supposed)
    return Cause(hypothesis, explains, relative_error(value, supposed) / goal.floor)


# -- What accounts for one of the candidate's values ---------------------------------


def _seen(stretch: Stretch) -> Iterator[Hypothesis]:
    """What makes a value that the candidate has and the reference has not."""
    wrong = [i for i, right in enumerate(stretch.right) if not right]
    for step in stretch.frontier:
        exact = stretch.pool[step.result]
        fed = [index for index in wrong if stretch.operations[index].fed]
        partners = _partners(stretch, exact, fed)
        for hypothesis in suppositions(stretch, step):
            yield from _appearing(stretch, step, hypothesis, partners)
        yield from _fitted(stretch, step.result, partners[:FITTED_PARTNERS])
        for operand in dict.fromkeys(step.operands):
            if operand not in stretch.pool:
                continue
            is_weight = operand in stretch.recording.weights
            meant = wrong if is_weight else fed
            partners = _partners(stretch, stretch.pool[operand], meant)
            yield from _fitted(stretch, operand, partners[:FITTED_PARTNERS])
    if not stretch.frontier:
        target = stretch.target.value
        yield from other_values(stretch, target)
        yield from _fitted(stretch, target, _partners(stretch, stretch.goal, wrong)[-1:])
    yield from exchanged(stretch)


@dataclass(frozen=True)
class Partner:
    """An operation of the candidate that may be meant for one of the reference's values."""

    operation: int
    value: Tensor
    """In the reference's layout."""
    supports: list[Support]
    """Where it differs, if that is in few places."""


def _partners(stretch: Stretch, exact: Known, wrong: Sequence[int]) -> list[Partner]:
    found = []
    for index in wrong:
        stretch.pause()
        op = stretch.operations[index]
        laid = in_shape_of(op.value, exact.value) if op.finite else None
        if laid is not None:
            local = supports(laid, exact.value, exact.limit)
            found.append(Partner(index, laid, local))
    return found


def _appearing(
    stretch: Stretch, step: Step, hypothesis: Hypothesis, partners: Sequence[Partner]
) -> Iterator[Hypothesis]:
    """A supposition whose value is among the candidate's, whole or in a few slices."""
    stretch.pause()
    exact = stretch.pool[step.result]
    try:
        call = hypothesis.calls[step.result]
        supposed = run_step(step, stretch.recording.values, call).squeeze()
    except (RuntimeError, IndexError, TypeError, ValueError):
        return  # shapes that do not fit: it was not that
    if supposed.shape != exact.value.shape:
        return
    limit = WATCH_UP_TO * exact.floor * max(exact.norm, supposed.norm().item())
    for partner in partners:
        if (partner.value - supposed).norm() <= limit:
            yield _at(hypothesis, partner.operation)
            return
        for support in partner.supports:
            blended = support.blend(exact.value, supposed)
            if (partner.value - blended).norm() <= limit:
                text = f"{hypothesis.text}, at {support} of axis {support.axis} only"
                call = _instead(blended, stretch.recording.values[step.result])
                calls = {step.result: call}
                changed = replace(hypothesis, text=text, calls=calls, kind=FITTED)
                yield _at(changed, partner.operation)
                return


def _at(hypothesis: Hypothesis, operation: int) -> Hypothesis:
    return replace(hypothesis, operation=operation)


def _instead(value: Tensor, like: Tensor) -> Call:
    return lambda args, kwargs: value.reshape(like.shape)


def _fitted(
    stretch: Stretch, index: int, partners: Sequence[Partner]
) -> Iterator[Hypothesis]:
    """What a wrong value is of the right one."""
    exact = stretch.pool[index]
    like = stretch.recording.values[index]
    made = stretch.recording.maker(index) is not None
    for partner in partners:
        local = (
            local_fits(partner.value, exact.value, support) for support in partner.supports
        )
        for fit in chain(fits(partner.value, exact.value), *local):
            stretch.pause()
            supposed = fit.transform(exact.value)
            if share_explained(partner.value, exact.value, supposed) < FITS_FROM:
                continue
            text = f"{exact.label}: {fit.text}"
            call = partial(_transformed, transform=fit.transform, like=like, step=index)
            calls = {index: partial(call, stretch=stretch)} if made else {}
            known = {} if made else {index: supposed.reshape(like.shape)}
            weight = stretch.recording.names.get(index) if not made else None
            yield Hypothesis(text, calls, known, weight, FITTED, partner.operation)


def _transformed(
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    transform: Transform,
    like: Tensor,
    step: int,
    stretch: Stretch,
) -> Tensor:
    made = stretch.recording.maker(step)
    right = like if made is None else made.function(*args, **kwargs)
    return transform(right.squeeze()).reshape(like.shape)


def _unseen(stretch: Stretch, tried: list[Cause]) -> Iterator[Hypothesis]:
    """The rest, whose value the candidate does not have as such."""
    done = {cause.hypothesis.text for cause in tried}
    alike: dict[str, list[Hypothesis]] = {}
    for step in stretch.frontier:
        for hypothesis in suppositions(stretch, step):
            alike.setdefault(hypothesis.text, []).append(hypothesis)
    for same in alike.values():  # a mistake in a constant is made wherever it is used
        if len(same) > 1 and (everywhere := _joined(same)).calls != same[0].calls:
            yield everywhere
    for text, same in alike.items():
        if text not in done:
            yield from same


# -- Several at once -----------------------------------------------------------------


def _together(stretch: Stretch, best: list[Cause], most: int = 4) -> list[Cause]:
    """What several explain that one does not: all whose values were seen, and the best
    one with what explains more of what it leaves."""
    found: list[Cause] = []
    seen = [cause.hypothesis for cause in best if cause.hypothesis.operation is not None]
    if seen and (all_seen := attempt(stretch, _joined(seen))) is not None:
        found.append(all_seen)
    current = min([best[0], *found], key=lambda cause: cause.rank)
    pool = seen + [c.hypothesis for c in best if c.hypothesis.operation is None][:8]
    for _ in range(most - 1):
        if current.complete:
            break
        pairs = [_both(current.hypothesis, each) for each in pool]
        joined = [attempt(stretch, pair) for pair in pairs if pair is not None]
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


def _behind(stretch: Stretch, first: Hypothesis, depth: int) -> list[Cause]:
    """Takes one mistake for certain, and looks for the next one behind it."""
    supposed = stretch.supposing(first.calls, first.known)
    if not supposed.wrong:
        return []
    found = []
    for cause in causes(supposed, depth - 1):
        both = _both(first, cause.hypothesis)
        whole = None if both is None else attempt(stretch, both)
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
