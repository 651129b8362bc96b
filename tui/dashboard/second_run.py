"""Second opinions on a graph: it runs once more, otherwise, in an engine of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from debug.results.run import Run
from tui import words


@dataclass(frozen=True)
class Manner:
    """How the graph is run."""

    name: str
    doing: str
    """What to say while it is under way."""
    key: str
    """That asks for it."""
    engine: str = "interpret"
    options: Mapping[str, Any] = field(default_factory=dict)
    """What differs from the first engine's."""


COMPILED = Manner("compiled", "compiling the whole graph", "v", engine="compile")
FLOAT64 = Manner(
    "float64",
    "running the graph in float64",
    "w",
    options={"dtype": "float64", "device": "cpu"},
)


@dataclass
class Opinion:
    """What came of it."""

    manner: Manner
    run: Run = field(default_factory=Run)

    def conclusion(self, first: Run) -> str:
        """What the opinion says, in a line."""
        if self.manner is FLOAT64:
            return graph_or_rounding(first, self.run)
        parts = [f"compiled graph: {self.run.verdict().value}"]
        if self.run.untapped is not None:
            parts.append(words.untapped(self.run.untapped))
        return "; ".join(parts)


def graph_or_rounding(first: Run, wide: Run) -> str:
    """Whether what is wrong in a run is wrong in float64, too."""
    index = first.culprit()
    if index is None or (result := wide.current(index)) is None:
        return f"in float64 the graph is {wide.verdict().value}"
    name, alone = first.layers[index].name, wide.alone(index)
    healthy = (alone or result.chained).verdict.healthy
    if healthy:
        return f"{name} is right in float64: what is wrong is rounding, not the graph"
    return f"{name} is wrong in float64, too: the graph is wrong, not its rounding"
