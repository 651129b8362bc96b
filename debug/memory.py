"""Gives memory that nobody uses back to the system.

What is freed stays with the C library, which for large tensors is quick: the next one need
not be given pages by the system again. But a network frees blocks of many sizes, and what
is kept of them grows to several times what is used. So the library is asked to give all of
it back, and asked only once so much has come together that it is worth the time.
"""

import ctypes
import os
import sys
from pathlib import Path

SLACK = 128 << 20
"""How many bytes a process may grow before it is asked again."""

_STATM = Path("/proc/self/statm")
_after_last = 0
"""How large the process was when memory was given back last, in bytes."""


def resident() -> int:
    """How many bytes of memory this process has now; 0 where the system does not say."""
    try:
        pages = _STATM.read_bytes().split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def give_back(slack: int = SLACK) -> None:
    """Gives back what is not used, if the process has grown by so many bytes. glibc alone
    has to be asked."""
    global _after_last
    if sys.platform != "linux" or resident() - _after_last < slack:
        return
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
    _after_last = resident()
