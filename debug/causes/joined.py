"""Layers whose results the candidate makes as one value, such as query, key and value.

The channels of such a value are laid out in some order. With three projections of 48
channels each, 12 to a head, it may be (3, 4, 12): the query's heads, then the key's, then
the value's. Or (4, 3, 12): for each head its query, key and value. Whoever reads one as the
other gets 48 numbers a piece that are none of the three projections. A layout is known by
its order of the parts and by the number of groups: 1 in the first case, 4 in the second.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
from math import gcd

import torch
from torch import Tensor

from debug.candidate.operations import Operation
from debug.measure.matching import Sought
from debug.reference.recording import Recording, Step, ValueId

MOST_PARTS = 4
ROWS = 16
"""This many rows are enough to tell most layouts apart."""


@dataclass(frozen=True)
class Layout:
    """How the channels of several parts are laid out in one value."""

    widths: tuple[int, ...]
    """How many channels each part has."""
    groups: int = 1
    order: tuple[int, ...] = ()
    """Of the parts in each group; as they come, if empty."""

    @property
    def channels(self) -> Tensor:
        """For each channel of the joined value, its number where the parts stand one
        after the other as they come."""
        starts = [sum(self.widths[:part]) for part in range(len(self.widths))]
        runs = [
            torch.arange(self.widths[part] // self.groups)
            + starts[part]
            + group * (self.widths[part] // self.groups)
            for group in range(self.groups)
            for part in self.order or range(len(self.widths))
        ]
        return torch.cat(runs)

    def shape(self, groups: int) -> str:
        """What the channels are split into, with the parts that stand one after the other
        taken for so many groups each."""
        each = [width // self.groups for width in self.widths]
        if len(set(each)) > 1:
            text = "(" + ", ".join(map(str, each)) + ")"
            return text if self.groups == 1 else f"{self.groups} times {text}"
        if self.groups == 1:
            sizes = (len(each), groups, each[0] // groups)
        else:
            sizes = (self.groups, len(each), each[0])
        return "(" + ", ".join(str(size) for size in sizes if size > 1) + ")"


@dataclass(frozen=True)
class Joined:
    """Several layers' results as one value of the candidate."""

    layers: tuple[str, ...]
    values: tuple[ValueId, ...]
    """Their results."""
    layout: Layout

    def of(self, values: Sequence[Tensor]) -> Tensor:
        """The joined value, if the reference had it."""
        parts = torch.cat([values[index] for index in self.values], -1)
        return parts[..., self.layout.channels.to(parts.device)]

    def __str__(self) -> str:
        *others, last = (name.rpartition(".")[2] for name in self.layers)
        return f"{', '.join(others)} and {last}"


def groupings(widths: Sequence[int]) -> list[int]:
    """The numbers of groups that all parts can be split into."""
    common = gcd(*widths)
    return [groups for groups in range(1, common + 1) if common % groups == 0]


def joined_in(
    recording: Recording, steps: Sequence[Step], operations: Sequence[Operation]
) -> list[Joined]:
    """What the candidate makes as one value of layers that the reference calls one by one
    with the same argument, and which of it a segment's steps use."""
    found = []
    for names in _siblings(recording, steps):
        values = tuple(recording.results[name] for name in names)
        parts = torch.cat([recording.values[index] for index in values], -1)
        for op in operations:
            if op.from_input and op.finite and op.value.numel() == parts.numel():
                layout = _layout(op.value, parts, recording, values)
                if layout is not None:
                    found.append(Joined(names, values, layout))
                    break
    return found


def _siblings(recording: Recording, steps: Sequence[Step]) -> Iterator[tuple[str, ...]]:
    """Layers with the same argument whose results are used and as long as each other."""
    used = {index for step in steps for index in step.operands}
    alike: dict[tuple[ValueId, torch.Size], list[str]] = {}
    for name, index in recording.results.items():
        given, value = recording.inputs.get(name), recording.values[index]
        if given is not None and index in used and value.ndim > 1:
            alike.setdefault((given, value.shape[:-1]), []).append(name)
    for names in alike.values():
        for count in range(min(len(names), MOST_PARTS), 1, -1):
            for first in range(len(names) - count + 1):
                yield tuple(names[first : first + count])


def _layout(
    value: Tensor, parts: Tensor, recording: Recording, values: Sequence[ValueId]
) -> Layout | None:
    """How the parts lie in a value of the candidate; None if it is something else."""
    if not value.ndim or value.shape[-1] != parts.shape[-1]:
        return None
    rows, wanted = (each.double().reshape(-1, each.shape[-1]) for each in (value, parts))
    widths = tuple(recording.values[index].shape[-1] for index in values)
    sought = Sought.of("", wanted, wanted.float())
    for order in permutations(range(len(widths))):
        for groups in groupings(widths):
            layout = Layout(widths, groups, order)
            laid = layout.channels
            if not torch.allclose(rows[:ROWS], wanted[:ROWS, laid], rtol=1e-2, atol=1e-2):
                continue
            if (rows - wanted[:, laid]).norm().item() <= sought.limit:
                return layout
    return None
