"""Where a run's culprit is and why, in words: the same in a table, a log and a test."""

import math

from debug.protocol.values import Cause, Finding, Place
from debug.protocol.verdict import Verdict
from debug.results.digits import factor
from debug.results.run import Run

CONVINCING = 0.9
"""The share of an error from which a hypothesis is called its cause."""

WITHOUT_NUMBERS = (Verdict.INVALID, Verdict.MISSING)
"""Verdicts that a reason is given for."""


def place_of(run: Run, index: int) -> Place | None:
    """The line of the mistake; else the one that calls the layer, or its block. An input
    has one only where the port's code makes it."""
    if run.layers[index].is_input:
        found = run.finding(index)
        return None if found is None else found.place
    finding, seen = run.finding(index), run.seen_first(index)
    # What only says where the block is called is less than where the layer in it is.
    is_exact = finding is not None and (finding.op is not None or seen == [index])
    if finding is not None and is_exact and finding.place is not None:
        return finding.place
    places = run.loaded.places if run.loaded else {}
    names = [run.layers[each].name for each in seen]
    found = (places.get(name) for name in [*names, run.layers[index].parent or ""])
    return next((place for place in found if place is not None), None)


def why(run: Run, index: int) -> list[str]:
    """Why a layer is wrong, as far as that is known, the likeliest first."""
    finding, result = run.finding(index), run.current(index)
    if finding is not None and finding.causes:
        return reasons(finding)
    if result is not None and result.chained.verdict in WITHOUT_NUMBERS:
        return [result.chained.reason]  # of another shape nothing else need be said
    return [] if finding is None else reasons(finding)


def reasons(finding: Finding, most: int = 3) -> list[str]:
    """The causes of a mistake in a layer's own code, the likeliest first."""
    causes = finding.causes[:most]
    unexplained = "; ".join(["no hypothesis explains it", *_seen(finding)])
    if not causes:
        return [unexplained]
    best = causes[0]
    if best.explains < CONVINCING:
        return [f"{unexplained}; {_partly(best)}"]
    if best.complete:
        return [f"{best.hypothesis} (explains {share(best.explains)})"]
    return [_partly(cause) for cause in causes if cause.explains >= CONVINCING]


def _seen(finding: Finding) -> list[str]:
    return [finding.pattern] if finding.pattern else []


def _partly(cause: Cause) -> str:
    """A cause that leaves more than rounding: 92 % of an error of R 90,000 is not all of
    it, so what is left is told in the unit of the verdict."""
    left = f", leaves {factor(cause.ratio)} times rounding" if cause.ratio else ""
    return f"partly: {cause.hypothesis} (explains {share(cause.explains)}{left})"


def share(part: float) -> str:
    """A part of 1 in per cent, rounded down: 100 % is said only of all."""
    return f"{math.floor(part * 1000) / 10:.4g} %"
