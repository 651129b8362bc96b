"""Weights that one side has in one piece and the other in several.

Ports join the query's, key's and value's projections into one product. Each output channel
of such a product is a row of one of the three, so rows find their places, in whatever
order the port has them: one after the other, or interleaved by head.
"""

from collections.abc import Iterator, Mapping, Sequence

from debug.port.fingerprints import is_constant, rows
from debug.port.side import Side
from debug.subject import Counterpart


def slices(
    reference: Side, candidate: Side, layers: Sequence[str], modules: Sequence[str]
) -> Iterator[tuple[str, Counterpart]]:
    """The layers that are parts of a module, and those that are joined from several.

    Args:
        reference: PyTorch's side.
        candidate: MAX's side.
        layers: the reference's leaves that have no counterpart.
        modules: the candidate's that have none.
    """
    parts = {name: _channels(reference, name) for name in layers}
    for module in modules:
        for whole in _channels(candidate, module):
            place = {row: number for number, row in enumerate(whole)}
            for layer, found in list(parts.items()):
                channels = next((c for c in found if place.keys() >= set(c)), None)
                if channels is not None and len(channels) < len(whole):
                    numbers = tuple(place[row] for row in channels)
                    yield layer, Counterpart((module,), channels=numbers)
                    del parts[layer]
    ours = {name: _channels(candidate, name) for name in modules}
    for layer, found in parts.items():
        for whole in found:
            if joined := _joined(whole, ours):
                yield layer, Counterpart(tuple(joined))
                break


def _channels(side: Side, name: str) -> list[list[str]]:
    """The rows of a module's matrix, by each of its axes."""
    matrices = [weight for weight in side.own(name).values() if weight.ndim == 2]
    return [rows(weight, axis) for weight in matrices for axis in (0, 1)]


def _joined(whole: Sequence[str], ours: Mapping[str, list[list[str]]]) -> list[str]:
    """The modules whose channels, one after the other, are those of a layer."""
    found: list[str] = []
    start = 0
    while start < len(whole):
        following = (
            (name, len(rows))
            for name, each in ours.items()
            for rows in each
            if list(whole[start : start + len(rows)]) == rows
        )
        name, count = next(following, ("", 0))
        if not count:
            return []
        found.append(name)
        start += count
    return found if len(found) > 1 else []


def is_read(leaf: str, side: Side, other: Side) -> bool:
    """Whether the other side has a module's weights somewhere, so that it may read them.

    Ones and zeros are everywhere: of these it must have as many as this side has. What
    nobody trains, such as an index into a table, may be computed where it is needed.
    """
    return all(
        other.holds(weight) >= (side.holds(weight) if is_constant(weight) else 1)
        for weight in (side.trained(leaf) or side.own(leaf)).values()
    )
