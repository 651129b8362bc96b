"""The root causes of a run: one for each guilty line, whatever the number of layers.

One mistake in a block's code is a mistake in each of its instances: twelve layers are wrong
at one line for one reason. That is one root cause with twelve layers. So it is with a block
that holds another block's weights, which the alignment has said already.
"""

from dataclasses import dataclass, field

from debug.protocol.values import Finding, Place
from debug.results.run import Run
from debug.results.why import place_of, reasons

UNEXPLAINED = "no single operation is off by more than rounding"
NOT_YET = "its cause is not known yet"


@dataclass(frozen=True)
class RootCause:
    """Where and why layers are wrong."""

    place: Place | None
    hypothesis: str
    """The same in every instance of the code."""
    complete: bool = False
    why: str = field(compare=False, default=UNEXPLAINED)
    """With the share that it explains in the first of its layers, as a person reads it."""
    layers: tuple[int, ...] = field(compare=False, default=())
    """The layers that have it, in order of computation; the culprit first."""


def root_causes(run: Run) -> list[RootCause]:
    """Every mistake that is known, the culprit's first; none in a healthy run."""
    culprit = run.culprit()
    if culprit is None:
        return []
    layers: dict[RootCause, list[int]] = {_cause_of(run, culprit): [culprit]}
    for index in run.faults():
        for finding in run.findings(index) or [None]:
            having = layers.setdefault(_root_cause(run, index, finding), [])
            if index not in having:
                having.append(index)
    return [
        RootCause(cause.place, cause.hypothesis, cause.complete, cause.why, tuple(having))
        for cause, having in layers.items()
    ]


def _cause_of(run: Run, culprit: int) -> RootCause:
    """The mistake that the culprit is named for, of several in its code."""
    return _root_cause(run, culprit, run.finding(culprit))


def _root_cause(run: Run, index: int, finding: Finding | None) -> RootCause:
    if finding is None:
        known = run.settled or run.findings(index) is not None
        said = UNEXPLAINED if known else NOT_YET
        return RootCause(place_of(run, index), said, why=said)
    place = finding.place or place_of(run, index)
    [why] = reasons(finding, most=1)
    if not finding.causes:
        return RootCause(place, why, why=why)
    likeliest = finding.causes[0]
    doubt = _doubt_about(run, index)
    if doubt and likeliest.complete and likeliest.weight is not None:
        return RootCause(None, doubt, True, doubt)
    return RootCause(place, likeliest.hypothesis, likeliest.complete, why)


def _doubt_about(run: Run, index: int) -> str:
    """What the alignment says of the weights of a layer, or of one around it."""
    layer = f"{run.layers[index].name}."
    pairs = run.aligned.pairs if run.aligned else ()
    found = (each.doubt for each in pairs if layer.startswith(f"{each.layer}."))
    return next((doubt for doubt in found if doubt), "")
