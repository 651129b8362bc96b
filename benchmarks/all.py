"""Every figure that has a target, in one table: what was measured, and what it was before.

Usage: python benchmarks/all.py [--large] [--reloads 200] [--save FILE]

The lines are measured by the other scripts of this folder, each in processes of its own.
``--large`` takes the sizes from medium up, too, for which a machine needs 24 GB and an
hour. A target is missed or met by what is measured now; what it was before is written here,
with its date in ``benchmarks/README.md``.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.memory import BEYOND, TINY, checked, weights
from benchmarks.peer_models.encoders import EAGER, MAX, ONNX, encoders
from benchmarks.peers import Row, encoder_rows, mel_of
from core.machine import processor
from core.model.checkpoint import load_checkpoint

HERE = Path(__file__).resolve().parent
SIZES = {"random:tiny": "2.8 GB", "random:base": "4.5 GB", "random:small": "12.2 GB"}
LARGE = {
    "random:medium": "stopped at 20 GB",
    "random:turbo": "-",
    "random:large-v3": "stopped at 20 GB",
}
PEERS = ["micro", "random:tiny", "random:base", "random:small"]


@dataclass(frozen=True)
class Line:
    """One figure with its target; both in the same unit."""

    what: str
    target: float
    measured: float | None
    unit: str
    before: str
    at_least: bool = False
    """Whether the target is the least that is wanted, not the most."""

    def cells(self) -> list[str]:
        sign = "at least" if self.at_least else "at most"
        cells = [self.what, f"{sign} {self.target:g} {self.unit}"]
        if self.measured is None:
            return [*cells, "not measured", self.before, ""]
        off = self.measured - self.target
        met = off >= 0 if self.at_least else off <= 0
        verdict = "met" if met else f"missed by {abs(off):.2g} {self.unit}"
        return [*cells, f"{self.measured:.3g} {self.unit}", self.before, verdict]


def memory_lines(sizes: dict[str, str]) -> Iterator[Line]:
    for model, before in sizes.items():
        target = TINY if model.endswith(":tiny") else round(weights(model) + BEYOND, 1)
        ended, _, _, peak = checked(model)
        what = f"memory of `check` at {model}"
        yield Line(what, target, peak if ended == "ok" else None, "GB", before)


def loop_lines(reloads: int) -> Iterator[Line]:
    script = str(HERE / "loop.py")
    command = [sys.executable, script, "random:tiny", "--reloads", str(reloads)]
    given = dict(os.environ)  # MAX has changed what a child would have else
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=given).stdout
    found: dict[str, Any] = msgspec.json.decode(text)
    warm, saves = found["warm"], found["saves"]
    yield Line("PyTorch's side, second start, tiny", 5, warm["opened"], "s", "5.5 s")
    yield Line("the first number, second start, tiny", 5, warm["first_number"], "s", "7 s")
    yield Line("all layers, second start, tiny", 5, warm["all_layers"], "s", "9 to 12 s")
    first, last = (saves[name]["wall"] for name in ("first block", "last block"))
    yield Line("save to last number, first block, tiny", 0.7, first, "s", "1.1 s")
    yield Line("save to last number, last block, tiny", 0.4, last, "s", "0.34 s")
    yield Line("an idle engine", 1, found["idle_percent"], "% of a core", "6.9 %")
    if reloads:
        early, late = found["reloads"].values()
        yield Line(
            f"growth over {reloads} reloads", 0.02, late - early, "GB", "0.25 GB (micro)"
        )


def check_lines() -> Iterator[Line]:
    command = [sys.executable, "-m", "tui.commands", "check", "--model", "random:tiny"]
    started = time.perf_counter()
    quiet, given = [*command, "--quiet"], dict(os.environ)
    subprocess.run(quiet, check=True, stdout=subprocess.DEVNULL, env=given)
    yield Line("`check` at tiny", 5, time.perf_counter() - started, "s", "11.9 s")


def peer_lines(models: list[str], runs: int) -> Iterator[Line]:
    for model in models:
        checkpoint = load_checkpoint(model)
        wanted = dict(encoders(checkpoint, 2, only=(EAGER, ONNX, MAX)))
        rows = encoder_rows(model, wanted, mel_of(checkpoint), runs)
        by_name = {row.name: row for row in rows}
        for peer, target, before in (
            (EAGER, 1.15, "1.01 (tiny)"),
            (ONNX, 1, "0.87 (tiny)"),
        ):
            yield Line(
                f"the encoder beside {peer}, {model}",
                target,
                times_as_fast(by_name[peer], by_name[MAX]),
                "times as fast",
                before,
                at_least=True,
            )


def times_as_fast(peer: Row, port: Row) -> float | None:
    return peer.median / port.median if peer.seconds and port.seconds else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--reloads", type=int, default=200)
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--save", type=Path)
    given = parser.parse_args()
    parts: list[Callable[[], Iterator[Line]]] = [
        lambda: loop_lines(given.reloads),
        check_lines,
        lambda: memory_lines({**SIZES, **(LARGE if given.large else {})}),
        lambda: peer_lines(PEERS, given.runs),
    ]
    machine = f"{processor()}, {os.cpu_count()} cores"
    lines = [
        f"# All targets, {time.strftime('%Y-%m-%d')}, {machine}",
        "",
        "| figure | target | measured | before | |",
        "| --- | --- | --- | --- | --- |",
    ]
    print("\n".join(lines), flush=True)
    for part in parts:
        for line in part():
            lines.append(f"| {' | '.join(line.cells())} |")
            print(lines[-1], flush=True)
            if given.save:
                given.save.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
