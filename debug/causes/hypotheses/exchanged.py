"""Layers, weights and parts of a joined value that are taken for each other."""

from collections.abc import Iterator
from itertools import combinations, permutations

from debug.causes.hypotheses.mistake import always
from debug.causes.hypotheses.operands import Hypothesis
from debug.causes.segment import Segment
from debug.reference.recording import Element, Replacement, ValueId

JOINS = ("cat", "concat", "stack")
MOST_WEIGHTS = 4
"""Of one shape that may be in another order."""


def exchanged(segment: Segment) -> Iterator[Hypothesis]:
    """Two layers' results taken for each other, and layers that are passed over."""
    recording = segment.recording
    values = recording.values
    used = {i for step in segment.steps for i in step.operands} | {segment.target.value}
    layers = {name: i for name, i in recording.results.items() if i in used}
    for (first, a), (second, b) in combinations(layers.items(), 2):
        if _are_joined_only(segment, a, b):  # which `joined_otherwise` tells
            continue
        if any({first, second} <= {*each.layers} for each in segment.joined):
            continue  # which are read in another order, as `readings` tells
        if values[a].shape == values[b].shape and not _both_are_used_well(segment, a, b):
            yield Hypothesis(
                f"{first} and {second} change places",
                frozenset({("exchanged", first, second)}),
                replaced_values={a: values[b], b: values[a]},
                swapped=(first, second),
            )
    for name, index in layers.items():
        given = recording.inputs.get(name)
        if given is not None and values[given].shape == values[index].shape:
            yield Hypothesis(
                f"{name} is left out: its input goes on in place of its result",
                frozenset({("layer left out", name)}),
                replaced_values={index: values[given]},
                left_out=name,
                takes=given,
            )


def parts_exchanged(segment: Segment) -> Iterator[Hypothesis]:
    """Two parts of a joined value taken for each other, such as key and value."""
    recording = segment.recording
    parts = [step for step in segment.steps if isinstance(step.function, Element)]
    alike: dict[tuple[str, str], dict[ValueId, Replacement]] = {}
    for one, other in combinations(parts, 2):
        a, b = recording.values[one.result], recording.values[other.result]
        if one.operands != other.operands or a.shape != b.shape:
            continue
        names = recording.name(one.result), recording.name(other.result)
        swapped = {one.result: always(b), other.result: always(a)}
        alike.setdefault(names, {}).update(swapped)
        text = f"{names[0]} and {names[1]} change places"
        key = frozenset({("parts exchanged", *names)})
        yield Hypothesis(text, key, swapped)
        if len(alike[names]) > len(swapped):  # the same line for several, such as experts
            yield Hypothesis(text, key, dict(alike[names]))


def weights_exchanged(segment: Segment) -> Iterator[Hypothesis]:
    """Weights of one shape in another order, such as those that a port joins: key, query
    and value instead of query, key and value."""
    recording = segment.recording
    used = dict.fromkeys(i for step in segment.lacking for i in step.operands)
    alike: dict[tuple[int, ...], list[ValueId]] = {}
    for index in used:
        if index in recording.weights:
            alike.setdefault(tuple(recording.values[index].shape), []).append(index)
    for weights in alike.values():
        for count in range(2, min(len(weights), MOST_WEIGHTS) + 1):
            for some in combinations(weights, count):
                yield from _in_another_order(segment, some)


def _in_another_order(
    segment: Segment, weights: tuple[ValueId, ...]
) -> Iterator[Hypothesis]:
    """Every order in which each is in another's place."""
    recording = segment.recording
    names = [recording.name(index) for index in weights]
    for order in permutations(range(len(weights))):
        if any(place == number for place, number in enumerate(order)):
            continue
        taken = [weights[number] for number in order]
        instead = ", ".join(names[number] for number in order)
        text = f"{names[0]} and {names[1]} change places"
        if len(weights) > 2:
            text = f"{instead} in place of {', '.join(names)}"
        yield Hypothesis(
            text,
            frozenset({("weights in the order", instead)}),
            replaced_values={
                right: recording.values[wrong]
                for right, wrong in zip(weights, taken, strict=True)
            },
            weight=names[0],
        )


def _are_joined_only(segment: Segment, a: ValueId, b: ValueId) -> bool:
    """Whether one join is all that two values are used for."""
    users = [{s.result for s in segment.steps if i in s.operands} for i in (a, b)]
    if users[0] != users[1] or len(users[0]) != 1:
        return False
    return any(s.result in users[0] and s.name in JOINS for s in segment.steps)


def _both_are_used_well(segment: Segment, a: ValueId, b: ValueId) -> bool:
    """Whether the candidate has a right value that is made of both."""
    made_of: dict[ValueId, set[ValueId]] = {a: {a}, b: {b}}
    for step in segment.steps:
        sources = set().union(*(made_of.get(i, set()) for i in step.operands))
        made_of[step.result] = sources
        if sources >= {a, b} and step.result in segment.have:
            return True
    return False
