"""Runs the healthy encoder on many weights and clips: python -m scripts.false_alarms

Every layer must be ok, in the run of the whole model and in isolation. Prints the largest
R of each run; exit status 1 if a layer is not ok. Each runs in a process of its own, for
MAX keeps gigabytes at the size of base.
"""

import argparse
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from rich.console import Console

from core.model.port import GRAPH
from debug.engine.session import Session
from debug.protocol.messages import Message, Open
from debug.results.run import Run
from scripts.found_bugs import FACTORY

CLIPS = sorted(
    path
    for path in (Path(__file__).resolve().parent.parent / "audio_samples").iterdir()
    if path.suffix in (".flac", ".wav")
)
SEEDS = range(5)


@dataclass(frozen=True)
class Finding:
    """What was found in a healthy encoder."""

    alarm: str | None
    """The first layer that is not ok."""
    chained: float
    """The largest R in the run of the whole model."""
    isolated: float
    """The largest R of a layer in isolation."""


def healthy_run(model: str, clip: Path, dtype: str) -> Finding:
    """Runs every layer, in the whole model and in isolation."""
    run = Run()

    def apply(event: Message) -> None:
        run.apply(event)  # pyright: ignore[reportArgumentType]

    options = {"graph": str(GRAPH), "model": model, "audio": str(clip), "dtype": dtype}
    session = Session.open(FACTORY, Open(options, watch=False), apply)
    session.load()
    for _ in session.names:
        session.advance()
    while not session.settled:
        session.go_on()
    culprit, indices = run.culprit(), range(len(run.layers))
    return Finding(
        None if culprit is None else run.layers[culprit].name,
        max(run.results[index].chained.ratio or 0.0 for index in indices),
        max(d.ratio or 0.0 for index in indices if (d := run.isolated(index))),
    )


def runs(size: str) -> Iterator[tuple[str, Path]]:
    """Every clip with one set of weights, and every seed with one clip."""
    first = "micro" if size == "micro" else f"random:{size}"
    yield from ((first, clip) for clip in CLIPS)
    speech = next(clip for clip in CLIPS if clip.stem == "speech")
    yield from ((f"random:{size}:{seed}", speech) for seed in SEEDS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", default=["micro", "tiny", "base"])
    parser.add_argument("--dtype", default="float32")
    arguments = parser.parse_args()
    console, alarms, count = Console(highlight=False), 0, 0
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as pool:
        for model, clip in (each for size in arguments.sizes for each in runs(size)):
            found = pool.submit(healthy_run, model, clip, arguments.dtype).result()
            said = f"FALSE ALARM: {found.alarm}" if found.alarm else "ok"
            count += 1
            alarms += found.alarm is not None
            numbers = f"R up to {found.chained:.1f}, isolated {found.isolated:.1f}"
            console.print(f"{model:<16} {clip.name:<16} {numbers}  {said}")
    console.print(f"{alarms} false alarms in {count} runs")
    sys.exit(1 if alarms else 0)


if __name__ == "__main__":
    main()
