"""A second run of the graph under another condition, and what it says about the first.

Compiled, when a person asks or after a save: does the graph that production would run agree
with what the interpreter found? In float64: rounding all but disappears there, so a layer
that is still wrong has a bug.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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
    command: str
    """That asks for it, by the name of its key."""
    mode: Mode = Mode.INTERPRET
    options: Mapping[str, Any] = field(default_factory=dict)
    """What differs from the first engine's options."""
    aside: bool = False
    """Whether nobody has asked for it: it makes way for all else, and ends in a line."""


COMPILED = RunMode("compiled", "compiling the whole graph", "compile", mode=Mode.COMPILE)
CONFIRMING = replace(COMPILED, aside=True)
"""The same after a save, by itself."""
FLOAT64 = RunMode(
    "float64",
    "running the graph in float64",
    "float64",
    options={"dtype": "float64", "device": "cpu"},
)


@dataclass
class SecondRun:
    """The results of a second run."""

    run_mode: RunMode
    run: Run = field(default_factory=Run)

    def conclusion(self, first: Run) -> str:
        """What it says about the first run, in a line."""
        if self.run_mode is FLOAT64:
            return graph_or_rounding(first, self.run)
        parts = [f"compiled graph: {self.run.verdict().value}"]
        if self.run.without_taps is not None:
            parts.append(words.without_taps(self.run.without_taps))
        return "; ".join(parts)


def graph_or_rounding(first: Run, wide: Run) -> str:
    """Whether the first wrong layer is wrong in float64, too."""
    index = first.culprit()
    if index is None or (result := wide.current(index)) is None:
        return f"in float64 the graph is {wide.verdict().value}"
    name, isolated = first.layers[index].name, wide.isolated(index)
    if isolated is None or wide.not_alone(index):
        isolated = result.chained
    healthy = isolated.verdict.healthy
    if healthy:
        return f"{name} is right in float64: the error is rounding, not a bug in the graph"
    return f"{name} is wrong in float64, too: a bug in the graph, not rounding"
