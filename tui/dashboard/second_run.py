"""Second opinions on a graph: it runs once more, otherwise, in an engine of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from debug.protocol.values import Mode
from debug.results.run import Run
from tui import words


@dataclass(frozen=True)
class RunMode:
    """How the graph is run."""

    name: str
    doing: str
    """What to say while it is under way."""
    key: str
    """That asks for it."""
    mode: Mode = Mode.INTERPRET
    options: Mapping[str, Any] = field(default_factory=dict)
    """What differs from the first engine's."""


COMPILED = RunMode("compiled", "compiling the whole graph", "v", mode=Mode.COMPILE)
FLOAT64 = RunMode(
    "float64",
    "running the graph in float64",
    "w",
    options={"dtype": "float64", "device": "cpu"},
)


@dataclass
class SecondRun:
    """What came of it."""

    run_mode: RunMode
    run: Run = field(default_factory=Run)

    def conclusion(self, first: Run) -> str:
        """What the opinion says, in a line."""
        if self.run_mode is FLOAT64:
            return graph_or_rounding(first, self.run)
        parts = [f"compiled graph: {self.run.verdict().value}"]
        if self.run.without_taps is not None:
            parts.append(words.without_taps(self.run.without_taps))
        return "; ".join(parts)


def graph_or_rounding(first: Run, wide: Run) -> str:
    """Whether what is wrong in a run is wrong in float64, too."""
    index = first.culprit()
    if index is None or (result := wide.current(index)) is None:
        return f"in float64 the graph is {wide.verdict().value}"
    name, isolated = first.layers[index].name, wide.isolated(index)
    healthy = (isolated or result.chained).verdict.healthy
    if healthy:
        return f"{name} is right in float64: what is wrong is rounding, not the graph"
    return f"{name} is wrong in float64, too: the graph is wrong, not its rounding"
