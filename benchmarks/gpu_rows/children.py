"""Starts the rows' processes, hears them, and ends those that take too long."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from benchmarks.gpu_rows.plan import Row
from debug.protocol.parent_end import ENVIRONMENT

SAMPLES = ("File ", "Thread 0x", "Timeout (")
"""How the lines begin that say what a row is at (`benchmarks.gpu_rows.child`)."""
ROOT = Path(__file__).resolve().parents[2]


class Children:
    def __init__(self, device: str, folder: Path) -> None:
        """``folder`` gets what the processes print, a file each."""
        self.device, self._folder = device, folder
        self._running: set[subprocess.Popen] = set()
        self._ended = False

    def run(
        self,
        row: Row,
        limit: float,
        hear: Callable[[dict[str, Any]], None],
        cores: set[int],
    ) -> str:
        """Runs one row to its end, and says how that was in a word or a line: ``ended``,
        ``cut off``, or what its process died of.

        Args:
            row: what to measure.
            limit: seconds after which it is ended.
            hear: is told every message of the row.
            cores: those it may use.
        """
        command = [sys.executable, "-m", "benchmarks.gpu_rows.child", row.measure]
        arguments = {"device": self.device, **row.arguments}
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        log = self._folder / (re.sub(r"[^\w.]+", "-", row.name) + ".log")
        with log.open("wb") as noise:
            process = subprocess.Popen(
                [*command, json.dumps(arguments), json.dumps(sorted(cores))],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=noise,
                env={**ENVIRONMENT, **os.environ, "PYTHONPATH": path},
                start_new_session=True,
            )
        self._running.add(process)
        started = time.monotonic()
        cut = threading.Timer(max(limit, 0.1), _kill, [process])
        cut.start()
        try:
            assert process.stdout is not None
            _hear(process.stdout, hear)
            code = process.wait()
        finally:
            cut.cancel()
            self._running.discard(process)
        if code in (0, 1):
            return "ended"
        if self._ended or time.monotonic() - started >= limit:
            return "cut off"
        return f"{_death(code)}: {_last_words(log)}"

    def end(self) -> None:
        """Nothing goes on after the script."""
        self._ended = True
        for process in list(self._running):
            _kill(process)


def _hear(lines: IO[bytes], hear: Callable[[dict[str, Any]], None]) -> None:
    for line in lines:
        hear(json.loads(line))


def _kill(process: subprocess.Popen) -> None:
    """Ends it and whatever it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _death(code: int) -> str:
    if code >= 0:
        return f"exit status {code}"
    with contextlib.suppress(ValueError):
        return f"killed by {signal.Signals(-code).name}"
    return f"killed by signal {-code}"


def _last_words(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines()]
    said = (line for line in reversed(lines) if line and not line.startswith(SAMPLES))
    return next(said, "it said nothing")
