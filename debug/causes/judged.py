"""Which of the candidate's operations are right.

One is if it makes one of the reference's values, or if something right is made of it: a
port may take another way to the same value. There are three complications.

- The operation that makes the segment's end must make that; being another of the
  reference's values is no excuse.
- Attention may scale the query before the product, or the scores after it. A product that
  lacks the factor is no value of the reference, but what goes into it is right, and it is
  itself where the factor comes later, be it in the wrong place.
- A loop over heads may take one head's channels for another's: each part is one of the
  reference's heads, and still the wrong one.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from debug.candidate.operations import Operation
from debug.measure.matching import Match, Sought, multiple_of
from debug.reference.recording import ValueId

MULTIPLIES = ("mul", "div")
PASSES_ON = ("broadcast_to", "cast", "reshape", "static.reshape", "transpose")
"""Operations that leave numbers as they are."""

Parts = Mapping[Sought, tuple[ValueId, int]]
"""Single heads, with the values that they are parts of, and which part."""


@dataclass(frozen=True)
class Judged:
    right: list[bool]
    """Whether each operation is."""
    own: list[bool] = field(default_factory=list)
    """Whether each is by itself, and not for what is made of it."""
    scaled_later: list[Sought] = field(default_factory=list)
    """The reference's products that the candidate has but for a factor that comes later."""


def judged(
    operations: Sequence[Operation],
    matches: Sequence[Sequence[Match]],
    parts: Parts,
    products: Sequence[Sought],
    end: int | None,
) -> Judged:
    """Judges all operations of a segment.

    Args:
        operations: the candidate's, in order.
        matches: for each, the reference's values that it makes.
        parts: of the reference's values.
        products: those of the reference's values that a matmul makes.
        end: the operation that makes the segment's end, if that is wrong.
    """
    found = Judged([any(not match.suspicious for match in each) for each in matches])
    right = found.right
    for index in _parts_of_others(operations, matches, parts, right):
        right[index] = False
    excused = set()
    for index in [n for n, is_right in enumerate(right) if not is_right]:
        product = _product(operations, index, products)
        if product is None:
            continue
        excused.add(index)
        factor, whole = product
        if _is_scaled(operations, index) or _is_undone(operations, index, factor):
            right[index] = True
            found.scaled_later.append(whole)
    if end is not None:
        right[end] = False
    found.own.extend(right)
    for index in reversed(range(len(operations))):
        op = operations[index]
        if right[index] or index in excused:
            for used in op.operands:
                if operations[used].lays_out or not _hides(op):
                    right[used] = True
        if right[index]:
            for part in op.parts:
                right[part] = True
    return found


def _hides(op: Operation) -> bool:
    """Whether an operation's result says nothing of what it was made of, as a product with
    the zeros that a recurrence begins with."""
    return op.name.rpartition(".")[2] == "mul" and not bool(op.numbers.any())


def _parts_of_others(
    operations: Sequence[Operation],
    matches: Sequence[Sequence[Match]],
    parts: Parts,
    right: Sequence[bool],
) -> Iterator[int]:
    """Heads that are those of others, where a loop computes all: each by itself is one of
    the reference's, and the whole is none."""
    for index, whole in enumerate(operations):
        if not whole.parts or right[index]:
            continue
        numbers: list[dict[ValueId, set[int]]] = []
        for part in whole.parts:
            found: dict[ValueId, set[int]] = {}
            for match in matches[part]:
                if match.sought in parts:
                    value, number = parts[match.sought]
                    found.setdefault(value, set()).add(number)
            numbers.append(found)
        for value in set.intersection(*(set(each) for each in numbers)):
            for place, part in enumerate(whole.parts):
                if place not in numbers[place][value]:
                    yield part


# -- A factor that comes later -------------------------------------------------------


def _product(
    operations: Sequence[Operation], index: int, products: Sequence[Sought]
) -> tuple[float, Sought] | None:
    """For a product that the reference has but for a factor, of values that the candidate
    did not scale itself, how many times too large it is, and what it is."""
    op = operations[index]
    if "matmul" not in op.name or not op.finite or _scaled_before(operations, index):
        return None
    for each in products:
        if (factor := multiple_of(op.value, each)) is not None:
            return factor, each
    return None


def _is_undone(operations: Sequence[Operation], index: int, factor: float) -> bool:
    """Whether the factor is taken back later, perhaps in the wrong place."""
    reached = {index}
    for number, user in enumerate(operations[index + 1 :], index + 1):
        used = reached.intersection(user.operands)
        if used:
            reached.add(number)
        if user.name not in MULTIPLIES:
            continue
        factors = (scales(operations[i], user) or 0.0 for i in used)
        if any(math.isclose(factor * each, 1, rel_tol=1e-3) for each in factors):
            return True
    return False


def _scaled_before(operations: Sequence[Operation], index: int) -> bool:
    """Whether an operation on the way to this one multiplies."""
    pending, seen = [*operations[index].operands], set[int]()
    while pending:
        used = pending.pop()
        op = operations[used]
        if used not in seen and op.from_input:
            seen.add(used)
            pending.extend(op.operands)
            if op.name in MULTIPLIES:
                return True
    return False


def _is_scaled(operations: Sequence[Operation], index: int) -> bool:
    """Whether what comes next multiplies it by a constant."""
    op = operations[index]
    for number, user in enumerate(operations[index + 1 :], index + 1):
        if index not in user.operands:
            continue
        if user.name in MULTIPLIES:
            return scales(op, user) is not None
        return user.name in PASSES_ON and _is_scaled(operations, number)
    return False


def scales(op: Operation, user: Operation) -> float | None:
    """By which number an operation multiplies what another made, if it does that."""
    if not user.finite:
        return None
    if not user.value.any():
        return 0.0
    return multiple_of(user.value, Sought.of("", op.value.double(), op.value))
