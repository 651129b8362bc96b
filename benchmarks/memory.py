"""How much memory a full comparison takes, by size of the model.

Usage: python benchmarks/memory.py [MODEL ...]

Each runs as ``maxwhisper check --model MODEL`` in processes of its own. What counts is the
largest of them, the engine, at its peak, mapped files included. A model that goes beyond
the limit is stopped: a machine whose memory is full stops all others.
"""

import argparse
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from core.machine import processor
from core.model.checkpoint import load_checkpoint
from core.model.dims import tensor_shapes
from debug.protocol.diagnostic import Problem

SIZES = ["random:tiny", "random:base", "random:small"]
LIMIT = 12.0
"""In gigabytes."""
EVERY = 0.1
"""How many seconds apart memory is looked at."""
TINY, BEYOND = 1.2, 8.0
"""What `tiny` may take in all, and any other model beyond its weights in float32."""


def weights(model: str) -> float:
    """Gigabytes of all weights in float32."""
    shapes = tensor_shapes(load_checkpoint(model).dims).values()
    return 4 * sum(shape.numel() for shape in shapes) / 1e9


def processes(root: int) -> Iterator[int]:
    """A process and all that it has started."""
    yield root
    for children in Path(f"/proc/{root}/task").glob("*/children"):
        for child in children.read_text().split():
            yield from processes(int(child))


def gigabytes(pid: int, field: str) -> float:
    """Of what ``/proc`` says of a process; 0 once it is gone."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    _, found, rest = status.partition(f"{field}:")
    return int(rest.split()[0]) * 1024 / 1e9 if found else 0.0


def checked(model: str) -> tuple[str, float, float, float]:
    """What ``check`` ended with, its seconds, those of its processors, and the peak."""
    command = [sys.executable, "-m", "tui.commands", "check", "--model", model, "--quiet"]
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    # Quiet, and in a session of its own, so that all of it can be stopped.
    check = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        env=dict(os.environ),  # MAX, where it is loaded, has changed the inherited one
    )
    peak, ended = 0.0, "ok"
    while check.poll() is None:
        try:
            for pid in processes(check.pid):
                peak = max(peak, gigabytes(pid, "VmHWM"))
                if gigabytes(pid, "VmRSS") > LIMIT:
                    ended = f"stopped at {LIMIT:.0f} GB"
                    os.kill(pid, signal.SIGKILL)
        except OSError:  # one has ended meanwhile
            pass
        time.sleep(EVERY)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if check.returncode and ended == "ok":
        ended = f"status {check.returncode}"
    return ended, time.perf_counter() - started, busy, peak


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="*", default=SIZES)
    models = parser.parse_args().model
    print(f"{time.strftime('%Y-%m-%d')}, {processor()}, {os.cpu_count()} cores\n")
    print("| model | ended | wall | processor | peak | its weights | target |")
    print("| --- | --- | --- | --- | --- | --- | --- |", flush=True)
    for model in models:
        try:
            size = weights(model)
        except Problem as problem:
            sys.exit(f"{problem}")
        target = TINY if model.endswith(":tiny") else size + BEYOND
        ended, wall, busy, peak = checked(model)
        said = [f"`{model}`", ended, f"{wall:.0f} s", f"{busy:.0f} s"]
        said += [f"{peak:.2f} GB", f"{size:.2f} GB", f"{target:.1f} GB"]
        print(f"| {' | '.join(said)} |", flush=True)


if __name__ == "__main__":
    main()
