"""All of it, and one table: make torture

- ``saves``: hostile versions of a port's files, in the real dashboard in a real terminal;
- ``kills``: signals to its engine;
- ``endurance``: many good saves, and the memory after them;
- ``checkpoints`` and ``sounds``: odd files as ``--model`` and as audio;
- ``properties``: the comparison and the statistics on any numbers.

ARGS="--every 10" tries each tenth, ARGS="--only saves" one part. Exit status 1 if anything
was lost, crashed, or said wrongly; each such case is a line above the table.
"""

import argparse
import json
import os
import queue
import subprocess
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from scripts.torture.dashboard import Attacked, Result, attack
from scripts.torture.saves import Save
from scripts.torture.saves import saves as all_saves
from scripts.torture.signals import endurance as reload_often
from scripts.torture.signals import kills as all_kills

ROOT = Path(__file__).resolve().parents[2]
KNOWN = ROOT / "build" / "torture" / "saves.jsonl"
DASHBOARDS = 2
LATEST = 1.0
"""Seconds after which a key must have been answered."""
RELOADS, KILLS, EXAMPLES = 500, 50, 1000
SETTLED = 100
"""Reloads after which memory should grow no more."""


@dataclass
class Row:
    """A line of the table."""

    part: str
    tried: int = 0
    survived: int = 0
    right: int = 0
    recovered: int | None = None
    with_key: int = 0
    worst: float = 0.0
    memory: str = ""
    faults: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        self.faults.append(text)
        print(f"{self.part}: {text}", flush=True)


def files(part: str, every: int) -> Row:
    from scripts.torture.attempts import attempts, wrong_with

    row = Row(part)
    for case, attempt in attempts(f"scripts.torture.{part}", every):
        wrong = wrong_with(case, attempt)
        row.tried += 1
        row.survived += attempt.fault is None
        row.right += wrong is None
        row.worst = max(row.worst, attempt.seconds)
        if wrong is not None:
            row.note(f"{case.kind}, {case.name[:60]!r}: {wrong}")
    return row


def checkpoints(every: int) -> Row:
    return files("checkpoints", every)


def sounds(every: int) -> Row:
    return files("sounds", every)


def saves(every: int) -> Row:
    """Several dashboards share the saves. What is known is kept in a file, so that a run
    that was broken off goes on where it was."""
    row, on = Row("saves", recovered=0), queue.SimpleQueue()
    chosen = all_saves()[::every]
    known = _known()
    for save in chosen:
        if save.name not in known:
            on.put(save)
    with ThreadPoolExecutor(DASHBOARDS) as pool:
        each = [pool.submit(_attack_all, on, known) for _ in range(DASHBOARDS)]
    for future in each:
        future.result()
    for save in chosen:
        _add(row, f"{save.kind}, {save.name}", Result(**known[save.name]))
    return row


def _known() -> dict[str, dict[str, Any]]:
    """What became of each save, by its name, as far as a run before had got."""
    if not KNOWN.is_file():
        return {}
    return dict(json.loads(line) for line in KNOWN.read_text().splitlines())


def _attack_all(left: "queue.SimpleQueue[Save]", known: dict[str, dict[str, Any]]) -> None:
    """Attacks one dashboard after the other, as long as there are saves."""
    on: Attacked | None = None
    while not left.empty():
        with suppress(queue.Empty):
            save = left.get_nowait()
            on = on or Attacked()
            result = attack(on, save)
            known[save.name] = asdict(result)
            with KNOWN.open("a") as file:
                file.write(json.dumps([save.name, asdict(result)]) + "\n")
            if not result.recovered:
                on.close()
                on = None
    if on is not None:
        on.close()


def kills(every: int) -> Row:
    row = Row("kills", recovered=0)
    for name, result in all_kills(max(KILLS // every, 3)):
        _add(row, name, result)
    return row


def _add(row: Row, name: str, result: Result) -> None:
    assert row.recovered is not None
    row.tried += 1
    row.survived += result.survived
    row.right += result.message and result.kept
    row.recovered += result.recovered
    row.with_key += result.with_key
    row.worst = max(row.worst, result.latency)
    if not result.survived:
        row.note(f"{name}: the dashboard is gone")
    elif not result.recovered:
        well = "needs R" if result.with_key else "never well again"
        row.note(f"{name}: {well}, it says {result.said!r}")
    if not result.message:
        row.note(f"{name}: it says {result.said!r}")
    elif not result.kept:
        row.note(f"{name}: the last good run is not there, or not stale: {result.said!r}")
    if result.latency > LATEST:
        row.note(f"{name}: a key waited {result.latency:.1f} s")


def endurance(every: int) -> Row:
    count = max(RELOADS // every, 50)
    found = reload_often(count)
    result, row = found.result, Row("endurance", count)
    row.survived, row.right = count * result.survived, count
    row.recovered, row.worst = count * result.recovered, result.latency
    first, last = found.held[min(SETTLED, count // 5) // 10 - 1], found.held[-1]
    growth = last.memory / first.memory - 1
    tenth = max(count // 10, 1)
    early, late = (
        sum(part) / tenth for part in (found.seconds[:tenth], found.seconds[-tenth:])
    )
    row.memory = f"{growth:+.1%} to {last.memory / 2**20:.0f} MiB"
    row.memory += f"; {early:.2f} s, then {late:.2f} s a reload"
    if growth > 0.05:
        row.note(f"memory grew by {growth:.1%}")
    for name in ("descriptors", "threads"):
        before, now = getattr(first, name), getattr(last, name)
        if now > before:
            row.note(f"{before} {name} became {now}")
    if late > 1.2 * early:
        row.note(f"a reload took {early:.2f} s at first, {late:.2f} s at last")
    return row


def properties(every: int) -> Row:
    examples = max(EXAMPLES // every, 20)
    test = "tests/debug/measure/test_properties.py"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test],
        env={**os.environ, "TORTURE_EXAMPLES": str(examples)},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    row, last = Row("properties"), done.stdout.strip().splitlines()[-1]
    count = (ROOT / test).read_text().count("\n@often\n")
    failed = done.stdout.count("\nFAILED ")
    row.tried = count * examples
    row.survived = row.right = row.tried if done.returncode == 0 else row.tried - failed
    if done.returncode != 0:
        row.note(last)
    return row


PARTS: dict[str, Callable[[int], Row]] = {
    each.__name__: each
    for each in (checkpoints, sounds, properties, kills, saves, endurance)
}


def print_table(rows: Iterable[Row]) -> None:
    heads = "part | tried | survived | right message | well again | by R | worst | memory"
    print(f"\n| {heads} |\n{'|---' * 8}|")
    for row in rows:
        well = "" if row.recovered is None else f"{row.recovered}"
        key = "" if row.recovered is None else f"{row.with_key}"
        figures = f"{row.tried} | {row.survived} | {row.right} | {well} | {key}"
        print(f"| {row.part} | {figures} | {row.worst:.1f} s | {row.memory} |")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", action="append", choices=PARTS)
    parser.add_argument("--every", type=int, default=1, help="try each n-th")
    parser.add_argument("--go-on", action="store_true", help="with the saves that are left")
    arguments = parser.parse_args()
    KNOWN.parent.mkdir(parents=True, exist_ok=True)
    if not arguments.go_on:
        KNOWN.unlink(missing_ok=True)
    chosen = arguments.only or list(PARTS)
    rows = []
    for name in chosen:
        print(f"{name} ...", flush=True)
        rows.append(PARTS[name](max(arguments.every, 1)))
    print_table(rows)
    return 1 if any(row.faults for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
