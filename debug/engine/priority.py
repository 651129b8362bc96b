"""How much an engine makes way for others on the machine."""

import os
from contextlib import suppress

NICENESS = 5
"""On two cores the screen must not wait for the engine."""
LAST = 19
ASIDE = "--aside"
"""The argument of an engine that nobody waits for."""


def make_way(for_all: bool) -> None:
    """Of this process and all threads and processes that it starts from now on.

    Args:
        for_all: whether it runs only while nobody else wants the processor.
    """
    os.nice(LAST if for_all else NICENESS)
    if for_all and hasattr(os, "SCHED_IDLE"):
        with suppress(OSError):  # some containers forbid it
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
