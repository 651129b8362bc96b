"""Several hypotheses as one."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import combinations
from typing import Any

from torch import Tensor

from debug.causes.hypotheses.operands import NOTHING, Hypothesis
from debug.causes.segment import Segment
from debug.reference.recording import Replacement, Step, ValueId

MOST_ALIKE = 6
"""Of more, not every two are tried."""
SAID_OF = re.compile(r"(?P<names>[^;:]+?) (?:is|are) (?P<done>[^;:]+)")
"""What was done to something."""


def both(one: Hypothesis, other: Hypothesis) -> Hypothesis | None:
    """The two together; None where they are about the same step or value."""
    if one.replaced_steps.keys() & other.replaced_steps.keys():
        return None
    if one.replaced_values.keys() & other.replaced_values.keys():
        return None
    return _of(one, other, {**one.replaced_steps, **other.replaced_steps})


def added(one: Hypothesis, other: Hypothesis, segment: Segment) -> Hypothesis | None:
    """Two mistakes in one step, of which one makes the same difference whatever else is
    wrong there, as a bias that is left out of a product with another weight."""
    same = [*one.replaced_steps.keys() & other.replaced_steps.keys()]
    is_one = (
        len(same) == 1 and not one.replaced_values.keys() & other.replaced_values.keys()
    )
    step = segment.recording.maker(same[0]) if is_one else None
    if step is None or step.in_place or not (one.adds or other.adds):
        return None
    if one.keys & other.keys or (one.adds and other.adds):
        return None
    calls = [each.replaced_steps[step.result] for each in (one, other)]
    steps = {**one.replaced_steps, **other.replaced_steps}
    return _of(one, other, {**steps, step.result: partial(_sum, step, calls)})


def _sum(
    step: Step, calls: Sequence[Replacement], args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Tensor:
    one, other = (call(args, kwargs) for call in calls)
    return one + other - step.function(*args, **kwargs)


def _of(
    one: Hypothesis, other: Hypothesis, steps: Mapping[ValueId, Replacement]
) -> Hypothesis:
    if other.keys <= one.keys:
        text = one.text
    else:
        text = _said_together(one.text, other.text) if one.text else other.text
    taking = one if one.takes is not None else other
    is_same = one is NOTHING or other.keys <= one.keys
    return Hypothesis(
        text,
        one.keys | other.keys,
        replaced_steps=steps,
        replaced_values={**one.replaced_values, **other.replaced_values},
        weight=one.weight or other.weight,
        kind=max(one.kind, other.kind),
        operation=one.operation if one.operation is not None else other.operation,
        made_at=one.made_at if one.made_at is not None else other.made_at,
        swapped=(*one.swapped, *other.swapped),
        left_out=other.left_out if is_same else None,
        takes=taking.takes,
        instead_of=taking.instead_of,
        laid_out=(*one.laid_out, *other.laid_out),
        weights_of=other.weights_of if is_same else None,
        right=other.right if is_same else None,
        wrong=other.wrong if is_same else None,
    )


def _said_together(one: str, other: str) -> str:
    """Two causes in words; "q and k are reshaped where axes should change places", where
    the same was done to both."""
    first, second = SAID_OF.fullmatch(one), SAID_OF.fullmatch(other)
    if first is None or second is None or first["done"] != second["done"]:
        return f"{one}; and {other}"
    names = [*first["names"].replace(" and ", ", ").split(", "), second["names"]]
    return f"{', '.join(names[:-1])} and {names[-1]} are {first['done']}"


def joined(hypotheses: list[Hypothesis]) -> Hypothesis:
    """All at once, the simplest of each step."""
    found = NOTHING
    for each in sorted(hypotheses, key=lambda hypothesis: hypothesis.kind):
        found = both(found, each) or found
    return found


def alike(seen: list[Hypothesis]) -> Iterator[list[Hypothesis]]:
    """Those that do the same to several values, as to query and key: any two, for a third
    may be one of them a step later, and then all."""
    same: dict[str, list[Hypothesis]] = {}
    for each in seen:
        if each.done is not None:
            same.setdefault(each.done, []).append(each)
    for found in same.values():
        found.sort(key=lambda each: each.operation or 0)
        if len(found) <= MOST_ALIKE:
            yield from map(list, combinations(found, 2))
        if len(found) > 2:
            yield found


def one_each(seen: list[Hypothesis]) -> list[Hypothesis]:
    """The likeliest for each operation: others are other words for the same."""
    by_operation: dict[int | None, Hypothesis] = {}
    for each in seen:
        by_operation.setdefault(each.operation, each)
    return list(by_operation.values())
