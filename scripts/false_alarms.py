"""Runs healthy encoders, and says when the debugger calls one wrong: make false-alarms

- ``clips``: the shipped encoder on every clip, and with five seeds of random weights;
- ``rewrites``: 40 other ways of writing it, `scripts/harmless.toml`;
- ``inputs``: the shipped encoder on 20 sounds that nobody sends on purpose,
  `scripts/unkind.py`.

Prints the largest R of each run; exit status 1 where ``check`` would find something wrong.
Each sound and each set of weights has a process of its own, for MAX keeps gigabytes at the
size of base.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console

from core.model.port import GRAPH
from debug.engine.session import Session
from debug.protocol.messages import Message, Open
from debug.results.run import Run
from scripts.harmless import rewrites
from scripts.unkind import SOUNDS, write
from tui.commands.check import exit_status
from tui.settings import SUBJECT

CLIPS = sorted(
    path
    for path in (Path(__file__).resolve().parent.parent / "audio_samples").iterdir()
    if path.suffix in (".flac", ".wav")
)
SPEECH = next(clip for clip in CLIPS if clip.stem == "speech")
SEEDS = range(5)
PARTS = ("clips", "rewrites", "inputs")


@dataclass(frozen=True)
class Healthy:
    """A model and a clip with sources in which nothing is wrong."""

    model: str
    clip: Path
    sources: dict[str, str]
    """By what they are called."""


@dataclass(frozen=True)
class Finding:
    """What was found in a healthy encoder."""

    alarm: str | None
    """The first layer that is not ok, or why the run is called wrong all the same."""
    chained: float
    """The largest R in the run of the whole model."""
    isolated: float
    """The largest R of a layer in isolation."""


def healthy_runs(of: Healthy, dtype: str, seconds: float) -> list[Finding]:
    """Runs every layer of each source, in the whole model and in isolation."""
    run = Run()

    def apply(event: Message) -> None:
        run.apply(event)  # pyright: ignore[reportArgumentType]

    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / GRAPH.name
        graph.write_text(GRAPH.read_text())
        options = {"graph": str(graph), "model": of.model, "audio": str(of.clip)}
        options |= {"dtype": dtype, "seconds": seconds}
        session = Session.open(SUBJECT, Open(options, watch=False), apply)
        found = []
        for source in of.sources.values():
            graph.write_text(source)
            session.load()
            for _ in session.names:
                session.advance()
            while not session.settled:
                session.go_on()
            found.append(finding(run))
    return found


def finding(run: Run) -> Finding:
    culprit, indices = run.culprit(), range(len(run.layers))
    alarm = None if culprit is None else run.layers[culprit].name
    if alarm is None and exit_status(run):
        alarm = f"check says {run.verdict().value}"
    return Finding(
        alarm,
        max(run.results[index].chained.ratio or 0.0 for index in indices),
        max((d.ratio or 0.0 for index in indices if (d := run.isolated(index))), default=0),
    )


def runs(size: str, parts: Sequence[str], folder: Path) -> Iterator[Healthy]:
    """Those of one size; sounds that are made go into the folder."""
    model = "micro" if size == "micro" else f"random:{size}"
    shipped = GRAPH.read_text()
    if "clips" in parts:
        yield from (Healthy(model, clip, {clip.name: shipped}) for clip in CLIPS)
        seeds = (f"random:{size}:{seed}" for seed in SEEDS)
        yield from (Healthy(seed, SPEECH, {SPEECH.name: shipped}) for seed in seeds)
    if "rewrites" in parts:
        yield Healthy(model, SPEECH, {each.name: each.source for each in rewrites()})
    if "inputs" in parts:
        for number, (name, make) in enumerate(SOUNDS.items()):
            clip = write(folder / f"sound{number}.wav", make())
            yield Healthy(model, clip, {name: shipped})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", default=["micro", "tiny", "base"])
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="parts")
    parser.add_argument("--seconds", type=float, default=30.0, help="of sound")
    arguments = parser.parse_args()
    console, alarms, count = Console(highlight=False, soft_wrap=True), 0, 0
    with (
        tempfile.TemporaryDirectory() as made,
        ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as pool,
    ):
        sizes = arguments.sizes
        for of in (each for n in sizes for each in runs(n, arguments.only, Path(made))):
            told = arguments.dtype, arguments.seconds
            for what, found in zip(
                of.sources, pool.submit(healthy_runs, of, *told).result(), strict=True
            ):
                said = f"FALSE ALARM: {found.alarm}" if found.alarm else "ok"
                count += 1
                alarms += found.alarm is not None
                numbers = f"R up to {found.chained:.1f}, isolated {found.isolated:.1f}"
                console.print(f"{of.model:<16} {what:<62} {numbers}  {said}")
    console.print(f"{alarms} false alarms in {count} runs")
    sys.exit(1 if alarms else 0)


if __name__ == "__main__":
    main()
