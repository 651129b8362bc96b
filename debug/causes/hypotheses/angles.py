"""Rotary position embeddings: other angles, computed of another base or other positions.

The i-th pair of d channels turns by base^(-2i/d) for each position. What the reference's
tables of cosines and sines were made of is read off them, and then looked for in the
candidate: a table of its own, made of weights and constants alone, that is the same with
another base, other positions, or other angles throughout.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from debug.candidate.operations import Operation, OperationIndex
from debug.causes.hypotheses.family import best_number
from debug.causes.hypotheses.mistake import Key, always
from debug.causes.hypotheses.operands import Hypothesis, Kind
from debug.causes.hypotheses.rotary import Pairs, Rotation, rotations
from debug.causes.hypotheses.rotations import operation_that_makes
from debug.causes.segment import Segment
from debug.reference.recording import Recording

CLOSE = 1e-3
"""As near as angles are to what they are taken for, as a part of it."""
SAME = 1e-4
"""Tables that differ by more, anywhere, are others: they are computed in float32."""
BASES = (2.0, 1e9)
FIRST_ROWS = 3
"""Later ones turn too far to tell a base that is nearly right from any other."""


@dataclass(frozen=True)
class Angles:
    """What tables of cosines and sines are made of."""

    positions: Tensor
    """Of the rows; whole numbers."""
    per_position: Tensor
    """The angle of each pair, in radians."""
    pairs: Pairs

    @property
    def base(self) -> float | None:
        """Of angles that are base^(-2i/d)."""
        count = len(self.per_position)
        base = self.per_position[1].item() ** -count
        if not BASES[0] <= base <= BASES[1]:
            return None
        alike = torch.allclose(_per_position(base, count), self.per_position, rtol=CLOSE)
        return base if alike else None

    @property
    def sines(self) -> Tensor:
        """(positions, pairs)."""
        return self._angles.sin()

    @property
    def table(self) -> Tensor:
        """(positions, channels): all angles, in the order of the channels."""
        if self.pairs is Pairs.HALVES:
            return torch.cat([self._angles, self._angles], -1)
        return self._angles.repeat_interleave(2, -1)

    @property
    def _angles(self) -> Tensor:
        return self.positions[:, None] * self.per_position


def _per_position(base: float, count: int) -> Tensor:
    return base ** (-torch.arange(count, dtype=torch.float64) / count)


def angles_of(rotation: Rotation) -> Angles | None:
    """None where tables are not those of whole positions, the same for the whole batch."""
    tables = rotation.by_position
    if tables is None:
        return None
    cos, sin = tables
    angles = torch.atan2(sin, cos)
    halves = rotation.pairs is Pairs.HALVES
    angles = angles[:, : angles.shape[1] // 2] if halves else angles[:, ::2]
    turned = angles.diff(dim=0)
    turned = torch.atan2(turned.sin(), turned.cos())
    steps = turned[:, 0].round()
    if len(turned[0]) < 2 or not bool((steps == 1).any()):
        return None
    positions = torch.cat([angles[:1, 0].round(), steps]).cumsum(0)
    per_position = turned[int((steps == 1).nonzero()[0])]
    found = Angles(positions, per_position, rotation.pairs)
    right = torch.allclose(found.table.cos(), cos, atol=CLOSE)
    return found if right and bool((per_position > 0).all()) else None


def other_angles(segment: Segment) -> Iterator[Hypothesis]:
    """Tables of the candidate's own in place of the reference's."""
    for found, right in _by_angles(rotations(segment.steps, segment.recording)):
        for index, op in enumerate(segment.operations):
            segment.pause()
            for key, text, wrong in _made_otherwise(op, right):
                made_at = _made_at(segment.operations, wrong, OperationIndex(index))
                yield _instead(found, wrong, segment.recording, key, text, made_at)
        if len(found) > 1:
            yield from _further(found, right, segment)


def _by_angles(found: Sequence[Rotation]) -> list[tuple[list[Rotation], Angles]]:
    """All rotations by the same angles."""
    groups: list[tuple[list[Rotation], Angles]] = []
    for rotation in found:
        angles = angles_of(rotation)
        for others, of_others in groups if angles is not None else ():
            if angles is not None and torch.equal(angles.table, of_others.table):
                others.append(rotation)
                break
        else:
            groups += [] if angles is None else [([rotation], angles)]
    return groups


def _further(
    found: Sequence[Rotation], right: Angles, segment: Segment
) -> Iterator[Hypothesis]:
    """Positions that begin elsewhere for one value: for all, it makes no difference. One
    further for the keys is one back for the queries: the candidate's values tell."""
    recording, proposed = segment.recording, []
    for rotation in found:
        name, x = recording.name(rotation.x), recording.values[rotation.x]
        for by in (1, -1):
            table = replace(right, positions=right.positions + by).table
            value = rotation.with_tables(table.cos(), table.sin(), x)
            hypothesis = Hypothesis(
                f"{name} is turned as if each position were {by:+d}",
                frozenset({("positions", by, name)}),
                {rotation.step.result: always(value)},
                operation=operation_that_makes(value, segment),
            )
            proposed.append(hypothesis)
    yield from sorted(proposed, key=lambda each: each.operation is None)


def _made_at(
    operations: Sequence[Operation], angles: Angles, sines: OperationIndex
) -> OperationIndex:
    """The candidate's operation that makes the angles of one position, if there is one."""
    for index, op in enumerate(operations[:sines]):
        if op.value.numel() != len(angles.per_position) or op.from_input or not op.finite:
            continue
        if torch.allclose(op.numbers.double().flatten(), angles.per_position, rtol=CLOSE):
            return OperationIndex(index)
    return sines


def _instead(
    found: Sequence[Rotation],
    wrong: Angles,
    recording: Recording,
    key: Key,
    text: str,
    operation: OperationIndex,
) -> Hypothesis:
    cos, sin = wrong.table.cos(), wrong.table.sin()
    turned = {
        each.step.result: each.with_tables(cos, sin, recording.values[each.x])
        for each in found
    }
    return Hypothesis(
        text,
        frozenset({key}),
        {result: always(value) for result, value in turned.items()},
        operation=operation,
        made_at=operation,
        kind=Kind.NAMED if key[0] == "base" else Kind.FITTED,
    )


def _made_otherwise(op: Operation, right: Angles) -> Iterator[tuple[Key, str, Angles]]:
    """What the candidate's sines say, if they are another table than the reference's: of
    small angles they say more than the cosines."""
    sin = _sines_of(op, right)
    if sin is None or torch.allclose(sin, right.sines, atol=SAME):
        return
    base, first = right.base, right.positions.abs() < FIRST_ROWS
    if base is not None and (other := _base_of(sin[first], right, first)) is not None:
        found = replace(right, per_position=_per_position(other, sin.shape[1]))
        if torch.allclose(found.sines, sin, atol=SAME):
            text = f"the base of the angles is {other:g}, PyTorch's is {base:g}"
            yield ("base", other), text, found
            return
    ones = right.positions == 1
    if bool(ones.any()):
        found = replace(right, per_position=sin[ones][0].clamp(-1, 1).asin())
        if torch.allclose(found.sines, sin, atol=SAME):
            wrong, of_pytorch = (_said(each.per_position) for each in (found, right))
            text = f"the angles of each position are {wrong}, PyTorch's are {of_pytorch}"
            yield ("angles", wrong), text, found


def _sines_of(op: Operation, right: Angles) -> Tensor | None:
    """A table of the candidate's as (positions, pairs), if it may be one of sines."""
    rows, pairs = right.sines.shape
    size = op.value.numel()
    is_table = size in (rows * pairs, rows * pairs * 2) and op.value.is_floating_point()
    if op.from_input or not is_table or not op.finite:
        return None
    table = op.numbers.double().reshape(rows, -1)
    if table.shape[1] > pairs:
        table = table[:, :pairs] if right.pairs is Pairs.HALVES else table[:, ::2]
    at_zero = table[right.positions == 0]
    is_sine = bool(table.abs().max() < 1 + SAME) and bool((at_zero.abs() < SAME).all())
    return table if is_sine and bool(table.any()) else None


def _said(per_position: Tensor) -> str:
    return ", ".join(f"{angle:.3g}" for angle in per_position[:3].tolist()) + ", ..."


def _base_of(sin: Tensor, right: Angles, first: Tensor) -> float | None:
    """The base by which the first rows come nearest."""
    positions, count = right.positions[first, None], sin.shape[1]

    def error(base: float) -> float:
        return ((positions * _per_position(base, count)).sin() - sin).norm().item()

    return best_number(error, *BASES, SAME * math.sqrt(sin.numel()))
