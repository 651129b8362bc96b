"""From the command to the verdict on a port, beside the imports that nobody is spared.

    .venv/bin/python benchmarks/ports.py [PORT.py] [--runs N]

The naive way begins with the same imports: torch, transformers, MAX and the architecture.
So they are timed in a process of their own, and the ratio says what the comparison of every
layer costs beside them.
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GOAL_SECONDS = 12.0
"""From the command to the verdict, on 2 cores and a warm machine."""


def seconds(command: list[str]) -> float:
    """How long a command takes; it must succeed."""
    started = time.perf_counter()
    given = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(command, check=True, capture_output=True, env=given, cwd=ROOT)
    return time.perf_counter() - started


def main() -> int:
    parser = argparse.ArgumentParser(description="times the check of a port")
    parser.add_argument("port", nargs="?", default="examples/bert.py")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    check = [sys.executable, "-m", "tui.commands", "check", arguments.port]
    imports = [sys.executable, "-c", f"exec(open({arguments.port!r}).read())"]
    seconds(check)  # compiles the kernels, where this machine has not
    checked = statistics.median(seconds(check) for _ in range(arguments.runs))
    imported = statistics.median(seconds(imports) for _ in range(arguments.runs))
    print(f"check {arguments.port}: {checked:.1f} s (goal {GOAL_SECONDS:g} s)")
    ratio = checked / imported
    print(f"its imports alone: {imported:.1f} s; check takes {ratio:.1f} times that")
    return 0 if checked <= GOAL_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
