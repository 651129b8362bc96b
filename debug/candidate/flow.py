"""Which operation of a graph makes which value, and which of them lead from one to another.

Operations are told by their places in the graph's body, values by their keys.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from max.graph import TensorType

from debug.candidate.max_internals import ValueKey


@dataclass(frozen=True)
class LayerInput:
    """The first input of a layer in the graph."""

    key: ValueKey
    type: TensorType

    @property
    def shape(self) -> list[int]:
        return [int(size) for size in self.type.shape]


@dataclass(frozen=True)
class Route:
    """The operations from the input of a layer to its result, in order."""

    start: ValueKey
    end: ValueKey
    indices: list[int]
    aside: dict[str, ValueKey] = field(default_factory=dict)
    """Results of other layers that enter on the way, such as a residual; by layer."""


class Flow:
    """What flows where in one graph."""

    def __init__(self, arguments: list[ValueKey]) -> None:
        self.arguments = arguments
        """The graph's own, in order."""
        self.maker: dict[ValueKey, int] = {}
        """The operation that makes a value."""
        self.operands: list[list[ValueKey]] = []
        """The values that each operation uses."""
        self.results: list[list[ValueKey]] = []
        """The values that each operation makes."""

    def leading_to(self, end: ValueKey, given: Collection[ValueKey]) -> set[int]:
        """The operations that compute a value, starting from values that are given."""
        needed: set[int] = set()
        pending = [] if end in given else [end]
        while pending:
            index = self.maker.get(value := pending.pop())
            if value not in given and index is not None and index not in needed:
                needed.add(index)
                pending.extend(self.operands[index])
        return needed

    def depends(self, value: ValueKey, on: ValueKey) -> bool:
        """Whether one value is computed of another."""
        needed = self.leading_to(value, ()) if value != on else set[int]()
        if on in self.arguments:  # which no operation makes
            return any(on in self.operands[index] for index in needed)
        return self.maker.get(on) in needed

    def route(
        self, start: ValueKey, end: ValueKey, outside: Mapping[ValueKey, str] | None = None
    ) -> Route:
        """All that a layer computes of its argument.

        Args:
            start: the layer's input.
            end: its result.
            outside: results of layers that are no part of it, with the layers' names. What
                comes by way of them is given, too.
        """
        outside = outside or {}
        needed: set[int] = set()
        aside: dict[str, ValueKey] = {}
        pending = [end]
        while pending:
            index = self.maker.get(value := pending.pop())
            if value == start or index is None or index in needed:
                continue
            if value != end and value in outside:
                aside[outside[value]] = value
                continue
            needed.add(index)
            pending.extend(self.operands[index])
        reached, indices = {start, *aside.values()}, []
        for index in sorted(needed):
            if not reached.isdisjoint(self.operands[index]):
                reached.update(self.results[index])
                indices.append(index)
        return Route(start, end, indices, aside)

    def entering(self, route: Route) -> list[int]:
        """The graph's arguments, by number, that enter a layer beside what is given."""
        given = {route.start, *route.aside.values()}
        found, seen, pending = set(), set(), [route.end]
        while pending:
            value = pending.pop()
            if value in seen or (value in given and value != route.end):
                continue
            seen.add(value)
            if value in self.arguments:
                found.add(self.arguments.index(value))
            if (index := self.maker.get(value)) is not None:
                pending.extend(self.operands[index])
        return sorted(found)
