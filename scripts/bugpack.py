"""Runs every bug of the pack and says how well each was found: make bugpack

A bug is found if the first wrong layer is the right one, the line is one that it was
planted in, and its cause is the first of those that are shown (or among the first three).
"""

import argparse
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from core.model.audio import WHOLE
from core.practice.bugs import Bug, bugs, planted
from debug.engine.session import Session
from debug.protocol.messages import Message, Open
from debug.protocol.values import Finding
from debug.results.run import Run
from tui.commands.shared.faults import place_of

FACTORY = "core.whisper:open_subject"


@dataclass(frozen=True)
class Outcome:
    """What the debugger said of a bug, and whether it is so."""

    layer: str
    layer_right: bool
    line: str
    line_right: bool | None
    """None where the bug has no line in the graph."""
    cause: str
    place: int | None
    """Of the true cause among those that are shown, from 1."""
    seconds: float


class Pack:
    """One session for all bugs: the reference runs once."""

    def __init__(self, graph: Path, options: dict[str, Any]) -> None:
        """``options`` are a subject's: model, device, dtype, seconds."""
        graph.write_text(planted(None))
        self._graph, self._run = graph, Run()
        given = Open({**options, "graph": str(graph)}, watch=False)
        self._session = Session.open(FACTORY, given, self._apply)

    def _apply(self, event: Message) -> None:
        self._run.apply(event)  # pyright: ignore[reportArgumentType]

    def outcome(self, bug: Bug) -> Outcome:
        self._graph.write_text(planted(bug))
        started = time.perf_counter()
        self._session.load()
        for _ in self._session.names:
            self._session.advance()
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
        return Outcome("none", False, "", False, "", None, seconds)
    names = {run.layers[fault].name for fault in run.faults()}
    layer, finding, place = run.layers[index].name, run.finding(index), place_of(run, index)
    line = ""
    if place is not None:
        line = Path(place.path).read_text().splitlines()[place.line - 1].strip()
    return Outcome(
        layer,
        layer == bug.layer and set(bug.also) <= names,
        line,
        any(part in line for part in bug.line) if bug.line else None,
        finding.causes[0].hypothesis if finding and finding.causes else "",
        _place_of_cause(finding, bug),
        seconds,
    )


def _place_of_cause(finding: Finding | None, bug: Bug) -> int | None:
    for number, cause in enumerate(finding.causes if finding else [], start=1):
        if all(part in cause.hypothesis for part in bug.cause):
            return number
    return None


def share(count: int, total: int) -> str:
    return f"{count} of {total}, {count / total:.0%}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="of bugs; all if none is given")
    parser.add_argument("--model", default="micro")
    parser.add_argument("--seconds", type=float, default=WHOLE, help="of the window")
    arguments = parser.parse_args()
    console = Console(width=150, highlight=False)
    chosen = [b for b in bugs() if not arguments.names or b.name in arguments.names]
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory() as folder:
        options = {"model": arguments.model, "seconds": arguments.seconds}
        pack = Pack(Path(folder) / "encoder.py", options)
        for bug in chosen:
            outcomes.append(outcome := pack.outcome(bug))
            console.print(_row(bug, outcome), no_wrap=True, overflow="ellipsis")
    sys.exit(0 if summarise(outcomes, console) else 1)


def _row(bug: Bug, found: Outcome) -> str:
    layer = ("✓ " if found.layer_right else "✗ ") + found.layer
    line = {True: "✓", False: f"✗ {found.line[:40]}", None: "-"}[found.line_right]
    cause = f"{found.place or '✗'} {found.cause}"
    return f"{bug.name:<32}{layer:<22}{found.seconds:>4.0f} s  {line}  {cause}"


def summarise(outcomes: list[Outcome], console: Console) -> bool:
    """Prints the shares, and says whether they are what the project promises."""
    total = len(outcomes)
    lines = [o.line_right for o in outcomes if o.line_right is not None]
    layers = sum(o.layer_right for o in outcomes)
    first = sum(o.place == 1 for o in outcomes)
    three = sum(o.place is not None and o.place <= 3 for o in outcomes)
    console.print(f"first wrong layer right: {share(layers, total)}")
    console.print(f"line right: {share(sum(lines), len(lines))}" if lines else "")
    console.print(f"cause first: {share(first, total)}")
    console.print(f"cause among the first three: {share(three, total)}")
    return (
        layers == total
        and sum(lines) >= 0.95 * len(lines)
        and first >= 0.8 * total
        and three >= 0.92 * total
    )


if __name__ == "__main__":
    main()
