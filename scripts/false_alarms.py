"""Runs the healthy encoder on many weights and clips: python -m scripts.false_alarms

Every layer must be ok, in the run of the whole model and alone. Prints the largest R of
each run; exit status 1 if a layer is not ok.
"""

import argparse
import gc
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from core.port import GRAPH
from debug.protocol import Message, Open
from debug.run import Run
from debug.session import Session
from scripts.bugpack import FACTORY

CLIPS = sorted(
    path
    for path in (Path(__file__).resolve().parent.parent / "audio_samples").iterdir()
    if path.suffix in (".flac", ".wav")
)
SEEDS = range(5)


def healthy_run(model: str, clip: Path, dtype: str) -> Run:
    """Every layer, whole and alone."""
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
    del session
    gc.collect()  # gigabytes at base, in cycles that Python would clear too late
    return run


def runs(size: str) -> Iterator[tuple[str, Path]]:
    """Every clip with one set of weights, and every seed with one clip."""
    first = "micro" if size == "micro" else f"random:{size}"
    yield from ((first, clip) for clip in CLIPS)
    speech = next(clip for clip in CLIPS if clip.stem == "speech")
    yield from ((f"random:{size}:{seed}", speech) for seed in SEEDS)


def largest(run: Run) -> tuple[float, float]:
    """The largest R in the run of the whole model, and alone."""
    indices = range(len(run.layers))
    chained = [run.results[index].chained.ratio or 0.0 for index in indices]
    alone = [d.ratio or 0.0 for index in indices if (d := run.alone(index))]
    return max(chained), max(alone)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sizes", nargs="*", default=["micro", "tiny", "base"])
    parser.add_argument("--dtype", default="float32")
    arguments = parser.parse_args()
    console, alarms, count = Console(highlight=False), 0, 0
    for size in arguments.sizes:
        for model, clip in runs(size):
            run = healthy_run(model, clip, arguments.dtype)
            culprit, (chained, alone) = run.culprit(), largest(run)
            said = "ok" if culprit is None else f"FALSE ALARM: {run.layers[culprit].name}"
            count += 1
            alarms += culprit is not None
            numbers = f"R up to {chained:.1f}, alone {alone:.1f}"
            console.print(f"{model:<16} {clip.name:<16} {numbers}  {said}")
    console.print(f"{alarms} false alarms in {count} runs")
    sys.exit(1 if alarms else 0)


if __name__ == "__main__":
    main()
