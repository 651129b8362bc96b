"""Every layer with a mistake of its own: lines for a person, objects for a program.

One mistake in a block's code is a mistake in each of its instances: twelve layers are wrong
at one line for one reason. That is one line here, and twelve objects. So it is with a block
that holds another block's weights, which the alignment has said already.
"""

from dataclasses import dataclass, field
from typing import Any

from debug.protocol.values import Cause, Finding, Place
from debug.results.run import Run
from debug.results.why import place_of, reasons
from tui import words
from tui.commands.output import relative

UNEXPLAINED = "no single operation is off by more than rounding"


@dataclass(frozen=True)
class Mistake:
    """Where and why a layer is wrong: the same in every instance of the code, though the
    share that it explains is another in each."""

    place: Place | None
    hypothesis: str
    complete: bool = False
    why: str = field(compare=False, default=UNEXPLAINED)
    """With the share, as a person reads it."""


def also_wrong(run: Run) -> list[str]:
    """A line for each mistake beside the first, with the layers that have it."""
    first = run.culprit()
    known = None if first is None else run.finding(first)
    layers: dict[Mistake, list[str]] = {}
    for index in run.faults():
        name = run.layers[index].name
        for finding in run.findings(index) or [None]:
            if index == first and finding is known:
                continue
            having = layers.setdefault(_mistake(run, index, finding), [])
            if name not in having:
                having.append(name)
    same = [] if first is None else layers.pop(_mistake(run, first, known), [])
    lines = [f"The same cause in {words.listed(same)}"] if same else []
    return lines + [_line(mistake, names) for mistake, names in layers.items()]


def _mistake(run: Run, index: int, finding: Finding | None) -> Mistake:
    if finding is None:
        return Mistake(place_of(run, index), UNEXPLAINED)
    place = finding.place or place_of(run, index)
    [why] = reasons(finding, most=1)
    if not finding.causes:
        return Mistake(place, why, why=why)
    likeliest = finding.causes[0]
    doubt = _doubt_about(run, index)
    if doubt and likeliest.complete and likeliest.weight is not None:
        return Mistake(None, doubt, True, doubt)
    return Mistake(place, likeliest.hypothesis, likeliest.complete, why)


def _doubt_about(run: Run, index: int) -> str:
    """What the alignment says of the weights of a layer, or of one around it."""
    layer = f"{run.layers[index].name}."
    pairs = run.aligned.pairs if run.aligned else ()
    found = (each.doubt for each in pairs if layer.startswith(f"{each.layer}."))
    return next((doubt for doubt in found if doubt), "")


def _line(mistake: Mistake, names: list[str]) -> str:
    """``Also wrong: blocks.1.mlp and 11 more with the same cause, encoder.py:88: why``."""
    more = " with the same cause" if names[1:] else ""
    place = mistake.place
    where = f", {relative(place.path)}:{place.line}" if place else ""
    return f"Also wrong: {words.listed(names, 1)}{more}{where}: {mistake.why}"


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
