"""What the engine and the worker ran counts, too, though they end by being killed.

A plugin of coverage.py, which loads it in every process: SIGKILL would lose what was
counted, so that a child is asked first to end itself and write it down.
"""

import os
import signal
import time
from typing import Any

GRACE_SECONDS = 5.0
kill_group = os.killpg


def gently(group: int, number: int) -> None:
    if number == signal.SIGKILL:
        kill_group(group, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        while time.monotonic() < deadline and not _has_ended(group):
            time.sleep(0.02)
    kill_group(group, number)


def _has_ended(pid: int) -> bool:
    import psutil

    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def coverage_init(_registry: object, _options: dict[str, Any]) -> None:
    os.killpg = gently
