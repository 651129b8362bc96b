"""Every layer with a mistake of its own: lines for a person, objects for a program.

A root cause is one line here, whatever the number of its layers, and an object for each.
"""

from typing import Any

from debug.protocol.values import Cause, Finding, Place
from debug.results.root_causes import RootCause, layers_with, root_causes
from debug.results.run import Run
from debug.results.why import place_of
from tui import words
from tui.paths import relative


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
        **(_place(place) or dict.fromkeys(("file", "line"))),
        "causes": _causes(run, index, finding),
    }


def causes(run: Run, index: int | None) -> list[dict[str, Any]]:
    """The causes of a layer's mistake, the likeliest first."""
    finding = None if index is None else run.finding(index)
    if index is None or finding is None:
        return []
    return _causes(run, index, finding)


def root_causes_as_fields(run: Run) -> list[dict[str, Any]]:
    """Every root cause once, the culprit's first; what is not known of one is null."""
    return [
        {
            "why": root.why,
            **_fields(root.mistake.cause),
            "layers": [run.layers[index].name for index in root.layers],
            "share": root.share,
            "place": _place(root.place),
            "reference": _place(root.mistake.reference),
        }
        for root in root_causes(run)
    ]


def _causes(run: Run, index: int, finding: Finding) -> list[dict[str, Any]]:
    """Those of one mistake. The likeliest is told with all layers that have it."""
    place = _place(finding.place or place_of(run, index))
    found = [
        {"hypothesis": cause.hypothesis, **_fields(cause), "layers": None, "place": place}
        for cause in finding.causes
    ]
    if found and (same := layers_with(run, index, finding)):
        found[0]["layers"] = [run.layers[each].name for each in same]
    return found


def _fields(cause: Cause | None) -> dict[str, Any]:
    """What is known of a cause beside its sentence: ``from`` is what PyTorch has, and
    ``to`` what the port has in its place."""
    names = ("explains", "ratio", "weight", "complete", "kind")
    known = {name: getattr(cause, name, None) for name in names}
    right, wrong = (cause.right, cause.wrong) if cause else (None, None)
    return {**known, "from": right, "to": wrong}


def _place(place: Place | None) -> dict[str, Any] | None:
    return {"file": relative(place.path), "line": place.line} if place else None
