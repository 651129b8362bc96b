"""Which steps of the reference turn values: rotary position embeddings, however written.

Two channels are a point in a plane, and a token at position p turns the i-th point by p
times an angle of its own (Su et al., RoFormer, 2021) ::

    a, b  ->  a cos - b sin, b cos + a sin

Code writes that in three ways: as x cos + other(x) sin with tables for all channels, where
other(x) has the other channel of each pair (Hugging Face), as the two lines above, put
together again (GPT-J), or as a product of complex numbers (Meta). The first is known by its
sum, the others by their numbers: each pair keeps its length, and the angles are read off.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

import torch
from torch import Tensor

from debug.reference.pytorch_functions import LAYOUTS
from debug.reference.recording import Recording, Step, ValueId

WITHIN = {"mul", "add", "sub", "neg", "stack", "cat"} | LAYOUTS
WITHIN |= {
    "getitem",
    "chunk",
    "split",
    "unbind",
    "select",
    "view_as_complex",
    "view_as_real",
}
WITHIN |= {"float", "type_as", "clone"}
"""What is done between a value and the same turned."""
SAME = 1e-6
"""Lengths that differ by more, as a part of them, are others, and so are sines: tables are
often kept in float32."""


class Pairs(Enum):
    """Which channels are a point."""

    HALVES = "the halves"
    NEIGHBOURS = "neighbouring channels"

    @property
    def others(self) -> "Pairs":
        return Pairs.NEIGHBOURS if self is Pairs.HALVES else Pairs.HALVES


@dataclass(frozen=True)
class Rotation:
    """A step of the reference whose result is a value, turned."""

    step: Step
    x: ValueId
    cos: Tensor
    """For every channel, in a shape that can be multiplied with the value."""
    sin: Tensor
    pairs: Pairs

    @property
    def by_position(self) -> tuple[Tensor, Tensor] | None:
        """Cosines and sines as (positions, channels); None where they are not the same for
        the whole batch."""
        tables = self._reduced
        several = [size for size in tables[1].shape[:-1] if size > 1]
        if len(several) != 1 or tables[0].shape != tables[1].shape:
            return None
        cos, sin = (table.reshape(-1, table.shape[-1]).double() for table in tables)
        return cos, sin

    def with_tables(self, cos: Tensor, sin: Tensor, x: Tensor) -> Tensor:
        """The value turned with other tables, which are as `by_position` has them."""
        shape = self._reduced[1].shape
        return rotated(x, cos.reshape(shape), sin.reshape(shape), self.pairs)

    def can_turn(self, value: Tensor) -> bool:
        """Whether another value has its positions and channels on the same axes."""
        sizes = self._reduced[1].shape
        counts = value.shape[value.ndim - len(sizes) :]
        pairs = zip(sizes, counts, strict=False)
        return value.ndim >= len(sizes) and all(a in (1, b) for a, b in pairs)

    def turned(self, value: Tensor) -> Tensor:
        """Another value, as this rotation would turn it."""
        return rotated(value, *self._reduced, self.pairs)

    @property
    def _reduced(self) -> tuple[Tensor, Tensor]:
        return _the_same_for_all(self.cos), _the_same_for_all(self.sin)


def rotations(steps: Sequence[Step], recording: Recording) -> list[Rotation]:
    """The steps that turn a value."""
    made = {step.result: step for step in recording.steps}
    found: list[Rotation] = []
    for step in steps:
        parts = [made.get(i) for i in step.operands] if step.name == "add" else []
        products = [part for part in parts if part is not None and part.name == "mul"]
        if len(products) == 2:
            found += _with_tables(step, products, recording.values)
    if not found:
        turned = set[ValueId]()
        for step in steps:
            if step.name in WITHIN and turned.isdisjoint(step.operands):
                found += _by_numbers(step, recording.values, made)
                turned = {each.step.result for each in found}
    return found


def _with_tables(
    step: Step, products: Sequence[Step], values: Sequence[Tensor]
) -> list[Rotation]:
    """x cos + other(x) sin."""
    for one, other in (products, products[::-1]):
        if len(one.operands) != 2 or len(other.operands) != 2:
            continue
        for x, cos in (one.operands, one.operands[::-1]):
            for turned, sin in (other.operands, other.operands[::-1]):
                pairs = _pairs(values[x], values[turned])
                if pairs is not None:
                    return [Rotation(step, x, values[cos], values[sin], pairs)]
    return []


def _pairs(x: Tensor, turned: Tensor) -> Pairs | None:
    if x.shape != turned.shape or not _may_be_turned(x):
        return None
    return next((p for p in Pairs if torch.equal(partners(x, p), turned)), None)


def _may_be_turned(x: Tensor) -> bool:
    """At least two pairs, of numbers that are not whole."""
    pairs = x.ndim > 1 and x.shape[-1] % 2 == 0 and x.shape[-1] > 2
    return pairs and x.is_floating_point()


def _by_numbers(
    step: Step, values: Sequence[Tensor], made: dict[ValueId, Step]
) -> list[Rotation]:
    """A value of the same shape, of which only sums and products are between."""
    result = values[step.result]
    if not _may_be_turned(result):
        return []
    for x in _before(step, made):
        if values[x].shape != result.shape or not values[x].is_floating_point():
            continue
        for pairs in Pairs:
            tables = _angles_between(values[x], result, pairs)
            if tables is not None:
                return [Rotation(step, x, *tables, pairs)]
    return []


def _before(step: Step, made: dict[ValueId, Step]) -> Iterator[ValueId]:
    """The values that a step is made of by sums and products, the nearest first."""
    seen, pending = set[ValueId](), [*step.operands]
    while pending:
        value = pending.pop(0)
        if value not in seen:
            seen.add(value)
            yield value
            maker = made.get(value)
            if maker is not None and maker.name in WITHIN:
                pending.extend(maker.operands)


def _angles_between(x: Tensor, y: Tensor, pairs: Pairs) -> tuple[Tensor, Tensor] | None:
    """The cosines and sines by which one is the other turned; None where it is not, or all
    its pairs are turned alike, as by exchanging channels."""
    x, y = x.double(), y.double()
    length = x.square() + partners(x, pairs).square()
    turned = y.square() + partners(y, pairs).square()
    if not bool(((length - turned).abs() <= SAME * length).all()):
        return None
    cos = (x * y + partners(x, pairs) * partners(y, pairs)) / length
    sin = (partners(x, pairs) * y - x * partners(y, pairs)) / length
    turns = bool((sin.amax(-1) - sin.amin(-1)).any())
    return (cos, sin) if turns else None


def _the_same_for_all(table: Tensor) -> Tensor:
    """Without the axes along which nothing changes, such as batch and head."""
    for axis in range(table.ndim - 1):
        first = table.narrow(axis, 0, 1)
        if torch.allclose(first.expand_as(table), table, atol=SAME):
            table = first
    return table


def partners(x: Tensor, pairs: Pairs) -> Tensor:
    """For each channel the other one of its pair, with a minus for each first one."""
    if pairs is Pairs.HALVES:
        one, other = x.chunk(2, -1)
        return torch.cat([-other, one], -1)
    return torch.stack([-x[..., 1::2], x[..., ::2]], -1).flatten(-2)


def laid_out_for(pairs: Pairs, table: Tensor) -> Tensor:
    """Cosines or sines in the order that these pairs need, from that of the others."""
    sizes = (2, -1) if pairs is Pairs.NEIGHBOURS else (-1, 2)
    return table.unflatten(-1, sizes).mT.flatten(-2)


def rotated(x: Tensor, cos: Tensor, sin: Tensor, pairs: Pairs) -> Tensor:
    """The rotation itself."""
    return x * cos + partners(x, pairs) * sin
