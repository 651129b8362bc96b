"""Keeps MAX's threads from waking all the time while there is nothing to do.

One of them waits for work and looks for itself some 5,000 times a second, which keeps 5 %
of a core busy for as long as the engine lives. Linux may let a thread sleep longer than it
asked to, so that several can be woken at once: by 50 microseconds, or by as much as a
process asks for. Whoever is woken on purpose, as by work, is woken at once as ever.
"""

import ctypes
import sys

PR_SET_TIMERSLACK = 29
LATE = 20_000_000
"""By how many nanoseconds a sleep may be longer."""


def wake_seldom() -> None:
    """For this thread and all that it starts from now on; Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_TIMERSLACK, ctypes.c_ulong(LATE), 0, 0, 0)
