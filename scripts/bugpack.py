"""Plants every bug of the pack and says how well each was found: make bugpack

Prints a row for each bug, one for each kind, and the shares of all; exit status 1 if they
are less than the project promises. Of the bugs that are held out only the shares are
shown, so that nobody who works on the debugger comes to know them.
"""

import argparse
import sys
import tempfile
from argparse import Namespace
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path

from rich.console import Console

from core.model.audio import WHOLE
from core.practice.bases import BASES
from core.practice.bugs import Bug, bugs, held_out
from scripts.found_bugs import Found, Outcome, Pack

HELD_OUT = ("with", "without", "only")


def chosen(arguments: Namespace, pack: Iterable[Bug]) -> list[Bug]:
    """Those that were asked for, all of a base together."""
    found = [
        bug
        for bug in pack
        if (not arguments.names or bug.name in arguments.names)
        and (not arguments.base or bug.base in arguments.base)
        and (not arguments.kind or bug.kind in arguments.kind)
    ]
    return sorted(found, key=lambda bug: [*BASES].index(bug.base))


def outcomes(pack: Sequence[Bug], arguments: Namespace) -> Iterator[Outcome]:
    options = {"model": arguments.model, "seconds": arguments.seconds}
    with tempfile.TemporaryDirectory() as folder:
        for base, of_base in groupby(pack, key=lambda bug: bug.base):
            session = Pack(base, Path(folder), options)
            yield from (session.outcome(bug) for bug in of_base)


def row(found: Outcome) -> str:
    layer = ("✓ " if found.layer_right else "✗ ") + found.layer
    line = {True: "✓", False: f"✗ {found.line[:40]}", None: "-"}[found.line_right]
    cause = f"{found.place or '✗'} {found.cause}"
    return f"{found.bug.name:<40}{layer:<22}{found.seconds:>4.0f} s  {line}  {cause}"


def table(found: Iterable[Outcome]) -> Iterator[str]:
    """A line for each kind of bug."""

    def kind_of(outcome: Outcome) -> str:
        return outcome.bug.kind

    heads = f"{'bugs':>4} {'layer':>6} {'line':>7} {'first':>6} {'three':>6}"
    yield f"\n{'kind':<26}{heads}   seconds: median, most"
    for kind, group in groupby(sorted(found, key=kind_of), key=kind_of):
        of = Found.of([*group])
        lines = f"{of.lines}/{of.with_line}"
        counts = f"{of.bugs:>4} {of.layers:>6} {lines:>7} {of.first:>6} {of.three:>6}"
        yield f"{kind:<26}{counts}   {of.median_seconds:>6.1f} {of.most_seconds:>6.1f}"


def shares(of: Found) -> Iterator[str]:
    def share(count: int, total: int) -> str:
        return f"{count} of {total}, {count / total:.0%}" if total else "none to find"

    yield f"first wrong layer right: {share(of.layers, of.bugs)}"
    yield f"line right: {share(of.lines, of.with_line)}"
    yield f"cause first: {share(of.first, of.bugs)}"
    yield f"cause among the first three: {share(of.three, of.bugs)}"
    yield f"seconds: {of.median_seconds:.1f} in the median, {of.most_seconds:.1f} at most"


def summarise(arguments: Namespace, console: Console) -> bool:
    """Prints what was found, and says whether it is as much as is promised."""
    promised = True
    if open_bugs := chosen(arguments, bugs() if arguments.held_out != "only" else ()):
        found: list[Outcome] = []
        for outcome in outcomes(open_bugs, arguments):
            found.append(outcome)
            console.print(row(outcome), no_wrap=True, overflow="ellipsis")
        console.print("\n".join(table(found)) + "\n")
        console.print("\n".join(shares(Found.of(found))))
        promised = Found.of(found).as_promised
    if hidden := chosen(arguments, held_out() if arguments.held_out != "without" else ()):
        kept = [*outcomes(hidden, arguments)]
        if arguments.show_held_out:
            console.print("\n".join(["", *map(row, kept)]))
        said = [f"held out, {each}" for each in shares(Found.of(kept))]
        console.print("\n".join(["", *said]))
        promised = promised and Found.of(kept).as_promised
    if not open_bugs and not hidden:
        console.print("there is no such bug: see core/practice/pack/")
        return False
    return promised


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="of bugs; all if none is given")
    parser.add_argument("--base", action="append", choices=BASES, help="only of this port")
    parser.add_argument("--kind", action="append", help="only of this kind")
    parser.add_argument(
        "--held-out", choices=HELD_OUT, default="with", help="bugs that are held out"
    )
    parser.add_argument(
        "--show-held-out", action="store_true", help="a row for each of them, too"
    )
    parser.add_argument("--model", default="micro")
    parser.add_argument("--seconds", type=float, default=WHOLE, help="of the window")
    arguments = parser.parse_args()
    console = Console(width=150, highlight=False)
    sys.exit(0 if summarise(arguments, console) else 1)


if __name__ == "__main__":
    main()
