"""Finds what explains a wrong value: replays PyTorch's steps under each hypothesis.

A hypothesis replaces one recorded step, or takes one value for another, and the reference
runs again from there. Its share is how much of MAX's error that accounts for. With m what
MAX has, r the right value and s what the hypothesis makes of r, it is
1 - ||m - s||^2 / ||m - r||^2: 1 if MAX did exactly that, and 0 if it is no better than the
right value. A hypothesis is complete where what is left is rounding.

Candidates are tried in an order that keeps this to seconds. First those whose own value is
found among MAX's operations, so that the mistake is seen and not supposed; then, up to a
budget, the rest. If none is complete, several are tried together, and, where a mistake is
certain because its value was seen, another one after it.

Every step of the search asks `Segment.pause` whether something else is wanted.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from torch import Tensor

from debug.causes.fitting import Keys, with_number
from debug.causes.hypotheses.convolutions import other_convolutions
from debug.causes.hypotheses.family import Family, best_number
from debug.causes.hypotheses.mistake import Called
from debug.causes.hypotheses.operands import (
    Hypothesis,
    Kind,
    hypotheses_at,
)
from debug.causes.hypotheses.other_numbers import families
from debug.causes.seen import seen_in_candidate
from debug.causes.segment import Segment, as_compared
from debug.causes.together import added, alike, both, joined, one_each
from debug.measure.matching import (
    distance,
    in_shape_of,
    relative_error,
    share_explained,
)
from debug.protocol.verdict import LAYER
from debug.reference.recording import DOES_NOT_RUN, Replacement, Step, ValueId

BUDGET = 1.5e9
"""How many numbers may be computed for hypotheses whose value is not seen: some 20 s of
one core. Counted and not timed, so that the answer is the same on a busy machine."""
CHEAP = 4e6
"""A number is looked for at the end of a segment that costs no more: it takes some seventy
runs."""
AFTERWARDS = 5
"""Of what may be tried, this part is still tried after all is explained."""
FEWEST = 40
"""This many are tried at any size."""
WORTH_SHOWING = 0.3
MOST_UNFINISHED = 2
"""At most this many mistakes are shown together where they do not explain everything."""
MOST_IN_A_ROW = 2
"""How many mistakes are looked for after a first one."""
MOST_TOGETHER = 4
FINALISTS = 3
"""Of the best, so many are measured in the rounding of what they make themselves."""
NEARLY_ALL = 0.99
"""If they explain at least that."""
LIKELIEST = 8
"""How many that were only supposed are tried together with others."""


@dataclass(frozen=True)
class Tried:
    """A hypothesis that was tried."""

    hypothesis: Hypothesis
    explains: float
    """The share of the error's energy, from 0 to 1."""
    ratio: float
    """R of what is left: where that is ok, nothing is left but rounding."""
    denied: bool = False
    """Whether it changes a value that the candidate has right."""

    @property
    def complete(self) -> bool:
        return self.ratio <= LAYER.ok_up_to

    @property
    def rank(self) -> tuple[float, bool, int, int]:
        """What explains more is first, then what nothing denies, then what is simpler, then
        what is earlier."""
        explains = 1.0 if self.complete else round(self.explains, 3)
        operation = self.hypothesis.operation
        place = -1 if operation is None else operation
        return -explains, self.denied, self.hypothesis.kind, place


def find_causes(
    segment: Segment, depth: int = MOST_IN_A_ROW, likely: Collection[Keys] = ()
) -> list[Tried]:
    """What explains a wrong value, best first; empty where nothing does.

    Args:
        segment: whose end is wrong.
        depth: how many mistakes are looked for after a first one.
        likely: what was found in other layers. Layers share code, so the same mistake is
            tried before the search begins.
    """
    if not segment.is_finite:
        return []
    if segment.value is None:
        return _in_another_shape(segment)
    seen_ones = seen_in_candidate(segment)
    if likely:
        if again := _first_complete(segment, seen_in_candidate(segment, likely)):
            return [again]
        every_one = [*seen_ones]
        same = (hypothesis for hypothesis in every_one if hypothesis.keys in likely)
        if again := _first_complete(segment, same):
            return [again]
        seen_ones = iter(every_one)
    most = _affordable(segment)
    tried = _try_all(segment, seen_ones, most)
    seen = [t.hypothesis for t in tried if t.hypothesis.operation is not None]
    named = [hypothesis for hypothesis in seen if hypothesis.kind is Kind.NAMED]
    if len(named) > 1 and (all_named := attempt(segment, joined(named))) is not None:
        tried.append(all_named)
    if not any(each.complete for each in tried):
        supposed = chain(_numbers_at_the_end(segment), _supposed(segment, tried))
        nearly = any(each.ratio <= LAYER.watch_up_to for each in tried)
        tried += _try_all(segment, supposed, FEWEST if nearly else most)
    best = sorted(tried, key=lambda each: each.rank)
    if best and not best[0].complete:
        nearly = [each for each in best[:FINALISTS] if each.explains >= NEARLY_ALL]
        best = [*(_in_its_own_rounding(segment, each) for each in nearly), *best]
        best.sort(key=lambda each: each.rank)
    if best and not best[0].complete:
        best += _combinations(segment, best)
    certain = (
        named
        or sorted(
            (each for each in seen if each.kind is not Kind.VAGUE),
            key=lambda each: (each.operation, each.kind),
        )[:1]
    )
    if depth and certain and not any(each.complete for each in best):
        best += _after_another(segment, joined(certain), depth)
    best.sort(key=lambda each: each.rank)
    return _told([each for each in best if each.explains >= WORTH_SHOWING])


def _first_complete(segment: Segment, hypotheses: Iterable[Hypothesis]) -> Tried | None:
    tried = (attempt(segment, hypothesis) for hypothesis in hypotheses)
    return next((each for each in tried if each is not None and each.complete), None)


def _in_another_shape(segment: Segment) -> list[Tried]:
    """What makes exactly the candidate's value, whose shape is not the reference's."""
    found = []
    for hypothesis in other_convolutions(segment):
        made = _made(segment, hypothesis.replaced_steps)
        value = None if made is None else in_shape_of(segment.made, made)
        if made is not None and value is not None:
            ratio = relative_error(value, made.squeeze()) / segment.goal.floor
            found.append(Tried(hypothesis, 1.0, ratio))
    return _told([each for each in found if each.complete])


def _told(found: list[Tried]) -> list[Tried]:
    """Each text once; and where something explains everything, nothing that does not. What
    needs many mistakes at once and is not enough says nothing."""
    told: dict[str, Tried] = {}
    few = [each for each in found if len(each.hypothesis.keys) <= MOST_UNFINISHED]
    for each in [each for each in found if each.complete] or few:
        told.setdefault(each.hypothesis.text, each)
    return list(told.values())


def _numbers_at_the_end(segment: Segment) -> Iterator[Hypothesis]:
    """Other numbers in steps whose value the candidate does not have as such, as where one
    of its operations is several of PyTorch's: the number with which the end comes nearest.
    """
    value = segment.value
    if value is None or segment.cost > CHEAP:
        return
    for step in segment.lacking:
        for family in families(Called(step, segment.recording)):

            def error(number: float, step: Step = step, family: Family = family) -> float:
                segment.pause()
                replaced = {step.result: family.replacement(number)}
                supposed = _replayed(segment, replaced)
                return float("inf") if supposed is None else distance(value, supposed)

            enough = LAYER.ok_up_to * segment.goal.floor * segment.goal.norm
            number = best_number(error, family.low, family.high, enough)
            if number is not None:
                yield with_number(family, step, number)


def _affordable(segment: Segment) -> int:
    """How many hypotheses may be tried."""
    return max(FEWEST, int(BUDGET / max(segment.cost, 1)))


def _try_all(segment: Segment, hypotheses: Iterator[Hypothesis], most: int) -> list[Tried]:
    """Those that can be run, up to a number; fewer once one explains everything and takes
    no numbers from the candidate, for only a name would rank before it."""
    found: list[Tried] = []
    for number, hypothesis in enumerate(hypotheses, 1):
        tried = attempt(segment, hypothesis)
        if tried is not None:
            found.append(tried)
            if tried.complete and hypothesis.kind is Kind.NAMED and not tried.denied:
                break  # nothing ranks before it
            if tried.complete and hypothesis.kind is Kind.MISTAKEN:
                most = min(most, number + most // AFTERWARDS)
        if number >= most:
            break
    return found


def attempt(segment: Segment, hypothesis: Hypothesis) -> Tried | None:
    """Runs the reference under a hypothesis; None where it can't be run so."""
    segment.pause()
    value, goal = segment.value, segment.goal
    assert value is not None
    supposed = _replayed(segment, hypothesis.replaced_steps, hypothesis.replaced_values)
    if supposed is None:
        return None
    explains, floor = share_explained(value, goal.value, supposed), goal.floor
    if segment.target.value in hypothesis.replaced_values and hypothesis.takes is not None:
        floor = max(floor, segment.sought(hypothesis.takes).floor)
    denied = _is_denied(segment, hypothesis)
    tried = Tried(hypothesis, explains, relative_error(value, supposed) / floor, denied)
    # Of several layouts that fit the one that is nearest to the right value need not be
    # the one that the wrong value has.
    other = None if tried.complete else as_compared(segment.made, supposed)
    if other is None or other.shape != supposed.shape:
        return tried
    laid = Tried(hypothesis, 1.0, relative_error(other, supposed) / goal.floor, denied)
    return laid if laid.complete else tried


def _in_its_own_rounding(segment: Segment, tried: Tried) -> Tried:
    """With R in units of what PyTorch itself rounds if it makes the mistake: scores that
    are eight times too large round eight times as much, and what is cut to float16 goes to
    the next number where float32 is off by a little."""
    hypothesis = tried.hypothesis
    segment.pause()
    steps, values = hypothesis.replaced_steps, hypothesis.replaced_values
    supposed = segment.supposing(steps, values)
    if supposed.value is None:
        return tried
    own = max(supposed.goal.floor, segment.goal.floor)
    return replace(tried, ratio=relative_error(supposed.value, supposed.goal.value) / own)


def _is_denied(segment: Segment, hypothesis: Hypothesis) -> bool:
    """Whether the candidate has a value right that would be wrong under a hypothesis.

    What was done to a value is no such case: the candidate may have that as it was before.
    """
    changed = {*hypothesis.replaced_steps}
    if hypothesis.extra or hypothesis.kind in (Kind.FITTED, Kind.VAGUE):
        changed = segment.recording.made_of(changed)
    return not segment.have.isdisjoint(changed)


def _replayed(
    segment: Segment,
    steps: Mapping[ValueId, Replacement],
    values: Mapping[ValueId, Tensor] | None = None,
) -> Tensor | None:
    """The end of the segment, if steps or given values were others."""
    made = _made(segment, steps, values)
    return None if made is None else in_shape_of(made, segment.goal.value)


def _made(
    segment: Segment,
    steps: Mapping[ValueId, Replacement],
    values: Mapping[ValueId, Tensor] | None = None,
) -> Tensor | None:
    """The same in whatever shape it has; None if it can't be made."""
    try:
        return segment.recording.replay(segment.target.value, steps, values)
    except DOES_NOT_RUN:
        return None


def _supposed(segment: Segment, tried: list[Tried]) -> Iterator[Hypothesis]:
    """The rest, whose value the candidate does not have as such."""
    done = {each.hypothesis.keys for each in tried}
    alike: dict[Keys, list[Hypothesis]] = {}
    later = [step for step in segment.lacking if step not in segment.frontier]
    for step in [*segment.frontier, *later]:
        for hypothesis in hypotheses_at(segment, step):
            alike.setdefault(hypothesis.keys, []).append(hypothesis)
    for same in alike.values():  # a mistake in a constant is made wherever it is used
        everywhere = joined(same)
        if len(same) > 1 and everywhere.replaced_steps != same[0].replaced_steps:
            yield everywhere
    for keys, same in alike.items():
        if keys not in done:
            yield from same


# -- Several at once -----------------------------------------------------------------


def _combinations(segment: Segment, best: list[Tried]) -> list[Tried]:
    """What several explain that one does not: the same done to several values, all whose
    values were seen, and the best one with what explains more of what it leaves."""
    found: list[Tried] = []
    seen = [each.hypothesis for each in best if each.hypothesis.operation is not None]
    for several in (*alike(seen), one_each(seen), seen):
        all_seen = attempt(segment, joined(several)) if several else None
        if all_seen is not None:
            found.append(all_seen)
            if all_seen.complete:
                break
    current = min([best[0], *found], key=lambda each: each.rank)
    supposed = [t.hypothesis for t in best if t.hypothesis.operation is None]
    pool = seen + supposed[:LIKELIEST] + [h for h in supposed[LIKELIEST:] if h.adds]
    for _ in range(MOST_TOGETHER - 1):
        if current.complete:
            break
        best_one = current.hypothesis
        pairs = [both(best_one, each) or added(best_one, each, segment) for each in pool]
        tried = [attempt(segment, pair) for pair in pairs if pair is not None]
        better = [t for t in tried if t is not None and t.explains > current.explains]
        if not better:
            break
        current = min(better, key=lambda each: each.rank)
        found.append(current)
    return found


def _after_another(segment: Segment, first: Hypothesis, depth: int) -> list[Tried]:
    """Takes one mistake for certain, and looks for the next one after it."""
    supposed = segment.supposing(first.replaced_steps, first.replaced_values)
    if not supposed.wrong:
        return []
    found = []
    for each in find_causes(supposed, depth - 1):
        pair = both(first, each.hypothesis)
        whole = None if pair is None else attempt(segment, pair)
        if whole is not None:
            found.append(whole)
    return found
