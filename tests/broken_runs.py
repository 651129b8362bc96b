"""Runs of the imaginary model, for whoever shows them."""

from pathlib import Path

from fakes import ROWS, compared, isolated, opened

from debug.protocol.messages import Explained, Idle, Loaded, Stopped
from debug.protocol.values import Cause, Finding, Place
from debug.results.run import Run

NAMES = [name for name, _ in ROWS]
ATTENTION = NAMES.index("blocks.0.attn")
EPSILON = Cause("epsilon is 0.001, PyTorch's is 1e-05", 0.999, 1.0)


def run_with(chained: dict[int, float] | None = None, own: dict[int, float] | None = None):
    """A run that has ended, with these ratios, by row, in the run and in isolation."""
    run = Run()
    run.apply(opened())
    run.apply(Loaded(1, {"blocks.0": Place("model.py", 20)}, 0.1))
    for index in range(len(run.layers)):
        run.apply(compared(index, (chained or {}).get(index, 1.5)))
        if not run.layers[index].is_input:
            run.apply(isolated(index, (own or {}).get(index, 1.0)))
    run.apply(Stopped(1, len(run.layers) - 1, 0.5))
    run.apply(Idle(1))
    return run


def explained(source: Path | str = "model.py", cause: Cause = EPSILON) -> Run:
    """One in which attention is wrong at line 13 of a file."""
    run = run_with({ATTENTION: 300.0}, {ATTENTION: 280.0})
    place, theirs = Place(str(source), 13), Place("/lib/site-packages/whisper/model.py", 41)
    finding = Finding("the result", None, "softmax", place, theirs, "", [cause])
    run.apply(Explained(1, ATTENTION, [finding]))
    return run
