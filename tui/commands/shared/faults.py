"""Every layer with a mistake of its own: lines for a person, objects for a program.

A root cause is one line here, whatever the number of its layers, and an object for each.
"""

from typing import Any

from debug.protocol.values import Cause, Finding
from debug.results.root_causes import RootCause, root_causes
from debug.results.run import Run
from debug.results.why import place_of
from tui import words
from tui.commands.output import relative


def also_wrong(run: Run) -> list[str]:
    """The other layers with the first root cause, and a line for each other root cause."""
    causes = root_causes(run)
    if not causes:
        return []
    same = [run.layers[index].name for index in causes[0].layers[1:]]
    lines = [f"The same cause in {words.listed(same)}"] if same else []
    return lines + [_line(run, cause) for cause in causes[1:]]


def _line(run: Run, cause: RootCause) -> str:
    """``Also wrong: blocks.1.mlp and 11 more with the same cause, encoder.py:88: why``."""
    names = [run.layers[index].name for index in cause.layers]
    more = " with the same cause" if names[1:] else ""
    place = cause.place
    where = f", {relative(place.path)}:{place.line}" if place else ""
    return f"Also wrong: {words.listed(names, 1)}{more}{where}: {cause.why}"


def findings(run: Run) -> list[dict[str, Any]]:
    """Every mistake in every faulty layer, in order of computation."""
    return [
        _finding(run, index, finding)
        for index in run.faults()
        for finding in run.findings(index) or ()
    ]


def _finding(run: Run, index: int, finding: Finding) -> dict[str, Any]:
    place = finding.place or place_of(run, index)
    return {
        "layer": run.layers[index].name,
        "target": finding.target,
        "op": finding.op,
        "file": relative(place.path) if place else None,
        "line": place.line if place else None,
        "causes": [_cause(cause) for cause in finding.causes],
    }


def causes(run: Run, index: int | None) -> list[dict[str, Any]]:
    """The causes of a layer's mistake, the likeliest first."""
    finding = None if index is None else run.finding(index)
    return [_cause(cause) for cause in finding.causes] if finding else []


def _cause(cause: Cause) -> dict[str, Any]:
    names = ("hypothesis", "explains", "ratio", "weight", "complete")
    return {name: getattr(cause, name) for name in names}
