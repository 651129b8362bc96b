"""Where a layer is in a graph: from what it is given to what it returns."""

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
