"""What the debugger says of planted bugs, and whether it is so.

A bug is found if the first wrong layer is the right one, the line is one that it was
planted in, and its cause is the first of those that are shown (or among the first three).
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from core.practice.bugs import Bug, planted, shipped
from debug.engine.session import Session
from debug.protocol.messages import Message, Open
from debug.protocol.values import Finding
from debug.results.run import Run
from debug.results.why import place_of
from tui.settings import SUBJECT


@dataclass(frozen=True)
class Outcome:
    """What the debugger said of a bug."""

    bug: Bug
    layer: str
    """``none`` if nothing is wrong."""
    layer_right: bool
    line: str
    line_right: bool | None
    """None where the bug has no line in the graph."""
    cause: str
    place: int | None
    """Of the true cause among those that are shown, from 1."""
    seconds: float


class Pack:
    """One session for all bugs of a base: the reference runs once."""

    def __init__(self, base: str, folder: Path, options: dict[str, Any]) -> None:
        """
        Args:
            base: the port that the bugs are planted in.
            folder: where the copy is written that is broken.
            options: a subject's: model, device, dtype, seconds.
        """
        self._graph, self._run = folder / f"{base}.py", Run()
        self._graph.write_text(shipped(base))
        given = Open({**options, "graph": str(self._graph)}, watch=False)
        self._session = Session.open(SUBJECT, given, self._apply)

    def _apply(self, event: Message) -> None:
        self._run.apply(event)  # pyright: ignore[reportArgumentType]

    def run(self, bug: Bug) -> Run:
        """All layers of the port with a bug, one after the other, none in isolation."""
        self._graph.write_text(planted(bug))
        self._session.load()
        for _ in self._session.names:
            self._session.advance()
        return self._run

    def outcome(self, bug: Bug) -> Outcome:
        started = time.perf_counter()
        self.run(bug)
        while not self._session.settled and not self._is_found(bug):
            self._session.go_on()
        return _outcome(self._run, bug, time.perf_counter() - started)

    def _is_found(self, bug: Bug) -> bool:
        """What comes after the bug was looked into has no say in the outcome."""
        culprit = self._run.culprit()
        if culprit is None or bug.also or not self._run.wrong_in_isolation(culprit):
            return False
        return self._run.finding(culprit) is not None


def _outcome(run: Run, bug: Bug, seconds: float) -> Outcome:
    index = run.culprit()
    if index is None:
        return Outcome(bug, "none", False, "", False, "", None, seconds)
    names = {run.layers[fault].name for fault in run.faults()}
    layer, finding, place = run.layers[index].name, run.finding(index), place_of(run, index)
    line = ""
    if place is not None:
        line = Path(place.path).read_text().splitlines()[place.line - 1].strip()
    return Outcome(
        bug,
        layer,
        layer == bug.layer and set(bug.also) <= names,
        line,
        _is_right(line, bug) if bug.line else None,
        finding.causes[0].hypothesis if finding and finding.causes else "",
        _place_of_cause(finding, bug),
        seconds,
    )


def _is_right(line: str, bug: Bug) -> bool:
    """Whether it is a line where the bug shows, or one that planting it has changed."""
    own = {each.strip() for each in shipped(bug.base).splitlines()}
    return any(part in line for part in bug.line) or bool(line and line not in own)


def _place_of_cause(finding: Finding | None, bug: Bug) -> int | None:
    for number, cause in enumerate(finding.causes if finding else [], start=1):
        if bug.is_named_by(cause.hypothesis):
            return number
    return None


class Found(NamedTuple):
    """How many of some bugs were found."""

    bugs: int
    layers: int
    lines: int
    with_line: int
    """How many have a line to be found."""
    first: int
    """How many causes were named first."""
    three: int
    """How many were among the first three."""
    median_seconds: float
    most_seconds: float

    @classmethod
    def of(cls, outcomes: Sequence[Outcome]) -> "Found":
        lines = [o.line_right for o in outcomes if o.line_right is not None]
        seconds = [o.seconds for o in outcomes]
        return cls(
            len(outcomes),
            sum(o.layer_right for o in outcomes),
            sum(lines),
            len(lines),
            sum(o.place == 1 for o in outcomes),
            sum(o.place is not None and o.place <= 3 for o in outcomes),
            median(seconds),
            max(seconds),
        )

    @property
    def as_promised(self) -> bool:
        """Whether the shares are what the project promises."""
        return (
            self.layers == self.bugs
            and self.lines >= 0.97 * self.with_line
            and self.first >= 0.9 * self.bugs
            and self.three >= 0.97 * self.bugs
        )
