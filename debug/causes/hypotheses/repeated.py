"""A layer that is called twice, once too often, or in the place of others that never are.

Most are loops over blocks gone wrong: ``x = self.blocks[0](x)`` for every block. A norm may
be called on what it has no business with. The reference's own module runs once more to
tell, on what it would be given there.
"""

from collections.abc import Collection, Iterator

import torch
from torch import Tensor

from debug.causes.hypotheses.operands import Hypothesis
from debug.causes.segment import Segment
from debug.reference.hooks import StayInFloat64
from debug.reference.recording import DOES_NOT_RUN, Call, Recording, ValueId


def other_calls(segment: Segment) -> Iterator[Hypothesis]:
    """Other calls of the layers that lead to the segment's end."""
    yield from _in_place_of_others(segment)
    recording = segment.recording
    used = {i for step in segment.steps for i in step.operands} | {segment.target.value}
    for name, index in recording.results.items():
        given, call = recording.inputs.get(name), recording.calls.get(name)
        if index not in used or given is None or call is None or name in segment.uncalled:
            continue
        if recording.values[given].shape == recording.values[index].shape:
            segment.pause()
            twice = _result(call, recording.values[index])
            if twice is not None:
                yield Hypothesis(
                    f"{name} is called twice",
                    frozenset({("called twice", name)}),
                    replaced_values={index: twice},
                    swapped=(name,),
                )
    yield from _on_others(segment, used)


def _on_others(segment: Segment, used: Collection[ValueId]) -> Iterator[Hypothesis]:
    """A small layer, such as a norm, called on a value that is not its own as well."""
    recording = segment.recording
    for name, call in recording.calls.items():
        if any(True for _ in call.module.children()) or name not in recording.results:
            continue
        own = recording.inputs.get(name), recording.results[name]
        for value in sorted(recording.given.intersection(used).difference(own)):
            right = recording.values[value]
            if right.shape != recording.values[own[1]].shape:
                continue
            segment.pause()
            made = _result(call, right)
            if made is not None and made.shape == right.shape:
                yield Hypothesis(
                    f"{name} is called on {recording.name(value)}, too",
                    frozenset({("called on", name, recording.name(value))}),
                    replaced_values={value: made},
                    swapped=(name,),
                )


def _in_place_of_others(segment: Segment) -> Iterator[Hypothesis]:
    """One layer wherever the reference calls one that the candidate never calls."""
    recording = segment.recording
    others = [name for name in segment.uncalled if name in recording.calls]
    for name, call in recording.calls.items():
        alike = [n for n in others if n != name and are_alike(call, recording.calls[n])]
        if not alike:
            continue
        supposed = _chained(segment, call, alike)
        if supposed:
            *others_alike, last = alike
            listed = f"{', '.join(others_alike)} and {last}" if others_alike else last
            text = f"{name} is called in place of {listed}"
            if not others_alike and recording.inputs[name] == recording.inputs[last]:
                # Called again with the same, or not: the numbers are the same.
                text = f"{name}'s result in place of {last}'s"
            yield Hypothesis(
                text,
                frozenset({("called for", name)}),
                replaced_values=supposed,
                swapped=(name,),
                left_out=alike[0],
            )


def _chained(segment: Segment, call: Call, others: list[str]) -> dict[ValueId, Tensor]:
    """What the others' results would be if one module computed all of them, each of what
    the one before it returns."""
    recording: Recording = segment.recording
    supposed: dict[ValueId, Tensor] = {}
    for name in others:
        segment.pause()
        given = recording.inputs[name]
        value = supposed.get(given, recording.values[given])
        made = _result(recording.calls[name], value, call)
        if made is None:
            return {}
        supposed[recording.results[name]] = made
    return supposed


def _result(call: Call, value: Tensor, by: Call | None = None) -> Tensor | None:
    """What a call, or another's module, makes of a value."""
    try:
        with torch.inference_mode(), StayInFloat64():
            return call.with_input(value, by.module if by else None)
    except DOES_NOT_RUN:
        return None


def are_alike(one: Call, other: Call) -> bool:
    """Whether two layers are of one kind, with weights of the same sizes."""
    if type(one.module) is not type(other.module):
        return False
    theirs = other.module.state_dict()
    return {n: w.shape for n, w in one.module.state_dict().items()} == {
        n: w.shape for n, w in theirs.items()
    }
