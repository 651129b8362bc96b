"""Every layer with a mistake of its own: lines for a person, objects for a program.

One mistake in a block's code is a mistake in each of its instances: twelve layers are wrong
at one line for one reason. That is one line here, and twelve objects. So it is with a block
that holds another block's weights, which the alignment has said already.
"""

import re
from dataclasses import dataclass
from typing import Any

from debug.protocol.values import Cause, Finding, Place
from debug.results.run import Run
from debug.results.why import place_of, reasons
from tui import words
from tui.commands.output import relative

CALL, NUMBER = re.compile(r"#\d+"), re.compile(r"\d+")
"""In names: which call of a module it is, and which of several modules."""
UNEXPLAINED = "no single operation is off by more than rounding"


@dataclass(frozen=True)
class Mistake:
    """Where and why a layer is wrong. In every instance of the code it is the same, though
    the share that it explains is another in each."""

    place: Place | None
    kind: str
    """The layer's name without numbers: that of each of its instances."""
    hypothesis: str
    """In words that name no instance."""
    complete: bool = False
    why: str = UNEXPLAINED
    """With the share, as a person reads it."""

    def is_also(self, other: "Mistake") -> bool:
        """Whether it is one mistake. What is explained in part only, or not at all, is so
        in other words in each instance."""
        if (self.place, self.complete) != (other.place, other.complete):
            return False
        alike = self.kind == other.kind and not self.complete
        return alike or self.hypothesis == other.hypothesis


def also_wrong(run: Run) -> list[str]:
    """A line for each mistake beside the first, with the layers that have it."""
    first = run.culprit()
    known = None if first is None else run.finding(first)
    found = [] if first is None else [(_mistake(run, first, known), [_name(run, first)])]
    for index in run.faults():
        for finding in run.findings(index) or [None]:
            if index == first and finding is known:
                continue
            mistake, name = _mistake(run, index, finding), _name(run, index)
            having = next((n for each, n in found if each.is_also(mistake)), None)
            if having is None:
                found.append((mistake, [name]))
            elif name not in having:
                having.append(name)
    if first is None:
        return [_line(mistake, names) for mistake, names in found]
    (_, (_, *same)), *others = found
    lines = [f"The same cause in {words.listed(same)}"] if same else []
    return lines + [_line(mistake, names) for mistake, names in others]


def _name(run: Run, index: int) -> str:
    return run.layers[index].name


def _mistake(run: Run, index: int, finding: Finding | None) -> Mistake:
    own = CALL.sub("", _name(run, index))
    kind = NUMBER.sub("#", own)
    if finding is None:
        return Mistake(place_of(run, index), kind, UNEXPLAINED)
    place = finding.place or place_of(run, index)
    [why] = reasons(finding, most=1)
    if not finding.causes:
        return Mistake(place, kind, why, why=why)
    likeliest = finding.causes[0]
    doubt = _doubt_about(run, own)
    if doubt and likeliest.complete and likeliest.weight is not None:
        return Mistake(None, kind, doubt, True, doubt)
    said = CALL.sub("", likeliest.hypothesis).replace(f"{own}.", "")
    return Mistake(place, kind, said, likeliest.complete, why)


def _doubt_about(run: Run, layer: str) -> str:
    """What the alignment says of the weights of a layer around one."""
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
