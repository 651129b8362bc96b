"""A joined value, such as query, key and value in one, that is taken apart in another order
than it was laid out in.

Where the reference calls several layers and the candidate one, the candidate's layout is
seen (`debug.causes.joined`). Where the reference calls one as well, it takes the result
apart itself, and the candidate may take it apart otherwise.
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import permutations

import torch
from torch import Tensor

from debug.causes.hypotheses.operands import Hypothesis, Operand
from debug.causes.joined import Joined, Layout, groupings
from debug.causes.segment import Segment
from debug.reference.recording import Recording, ValueId

TAKES_APART = ("split", "chunk", "tensor_split", "unbind", "getitem", "narrow", "select")


def other_readings(segment: Segment) -> Iterator[Hypothesis]:
    """What is joined on either side, read as if it were laid out otherwise."""
    for each in segment.joined:
        yield from _of_several_layers(segment.recording, each)
    for name, index in segment.recording.results.items():
        for widths in _parts_of(segment, index):
            yield from _of_one_layer(segment.recording, name, index, widths)


def misread_layouts(segment: Segment) -> Iterator[Hypothesis]:
    """An image or a sound with its channels last, read as if they came first, or the other
    way: the numbers stay where they are, and only the shape says something else."""
    recording = segment.recording
    for step in segment.frontier:
        for position, operand in enumerate(step.operands):
            value = recording.values[operand]
            if operand in recording.weights or value.ndim not in (3, 4):
                continue
            if not value.is_floating_point():  # an index has no channels
                continue
            name = recording.name(operand)
            if value.shape != value.mT.shape:
                yield Hypothesis(
                    f"{name} lies with its last two axes exchanged, and is reshaped where "
                    "they should change places",
                    frozenset({("axes exchanged and reshaped", name)}),
                    Operand(segment, step, position, operand).replaced_by(
                        value.mT.reshape(value.shape)
                    ),
                )
            for lies, read, axes in (
                ("last", "first", (1, -1)),
                ("first", "last", (-1, 1)),
            ):
                other = value.movedim(*axes).reshape(value.shape)
                yield Hypothesis(
                    f"{name} lies with its channels {lies}, and is read with them {read}",
                    frozenset({("channels", lies, "read", read)}),
                    Operand(segment, step, position, operand).replaced_by(other),
                )


def _of_several_layers(recording: Recording, joined: Joined) -> Iterator[Hypothesis]:
    laid = joined.layout
    others = [replace(laid, groups=groups) for groups in groupings(laid.widths)]
    orders = permutations(range(len(laid.widths)))
    others += [replace(laid, order=order) for order in orders]
    value = joined.of(recording.values)
    for other in others:
        if other == laid:
            continue
        if other.groups == laid.groups:
            names = [joined.layers[part].rpartition(".")[2] for part in other.order]
            text = f"{joined} are joined, and are read in the order {', '.join(names)}"
        else:
            text = f"{joined} are joined as {_beside(laid, other)}, and are read as "
            text += _beside(other, laid)
        parts = _read(value, other).split(other.widths, -1)
        yield Hypothesis(
            text,
            frozenset({("read as", *map(str, (other.groups, *other.order)))}),
            replaced_values=dict(zip(joined.values, parts, strict=True)),
        )


def _of_one_layer(
    recording: Recording, name: str, index: ValueId, widths: tuple[int, ...]
) -> Iterator[Hypothesis]:
    """Read in groups where the parts stand one after the other, or the other way."""
    value, straight = recording.values[index], Layout(widths)
    for groups in groupings(widths)[1:]:
        grouped = Layout(widths, groups)
        for read, laid in ((grouped, straight), (straight, grouped)):
            other = _read(value[..., laid.channels.to(value.device)], read)
            yield Hypothesis(
                f"{name}'s result is read as {_beside(read, laid)}, "
                f"not as {_beside(laid, read)}",
                frozenset({("read as", read.groups, "not", laid.groups)}),
                replaced_values={index: other},
            )


def _beside(layout: Layout, other: Layout) -> str:
    return layout.shape(max(layout.groups, other.groups))


def _read(joined: Tensor, layout: Layout) -> Tensor:
    """The parts, one after the other, of a value that is taken to be laid out so."""
    return joined[..., torch.argsort(layout.channels).to(joined.device)]


def _parts_of(segment: Segment, index: ValueId) -> Iterator[tuple[int, ...]]:
    """The widths of the parts that the reference takes a value apart into."""
    recording = segment.recording
    width = recording.values[index].shape[-1]
    users: dict[ValueId, list[Tensor]] = {}
    for step in segment.steps:
        if step.name in TAKES_APART:
            users.setdefault(step.operands[0], []).append(recording.values[step.result])
    for value, parts in users.items():
        if len(parts) < 2 or recording.origin(value) != index:
            continue
        widths = tuple(part.shape[-1] for part in parts)
        if sum(widths) == width:
            yield widths
        elif width % len(parts) == 0:
            yield (width // len(parts),) * len(parts)
