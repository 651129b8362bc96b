"""stdin, stdout and stderr as a shell may hand them over: closed, full, or lacking letters.

A program that is started with ``>&-`` has no descriptor 1, and the next file that it opens
gets that number. So what is closed is opened first, on nothing. What can't be written to
stdout is an error as any other, in one line. What can't be written to stderr is dropped.
"""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from typing import TextIO

from debug.protocol.diagnostic import Problem

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)
"""Of an error that names no file: what stdout is written to takes no more."""


@contextmanager
def usable_streams() -> Iterator[None]:
    """Opens what is closed, and has all output written when the block is through.

    Raises:
        Problem: stdout is closed, or can't be written to.
        BrokenPipeError: whoever read stdout has ended, as ``| head`` does.
    """
    closed = [name for name in ("stdin", "stdout", "stderr") if getattr(sys, name) is None]
    for name in closed:
        lowest = os.open(os.devnull, os.O_RDWR)  # of the numbers that are free
        setattr(sys, name, open(lowest, "r" if name == "stdin" else "w"))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # a letter that it lacks is no error
            stream.reconfigure(errors="backslashreplace")
    if "stdout" in closed:
        raise Problem("output", "stdout is closed: leave out >&-, or write to a file")
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        _give_up(sys.stdout)
        raise
    except OSError as error:
        if error.filename is not None or error.errno not in FULL:
            raise
        _give_up(sys.stdout)
        message = f"can't write to stdout ({error.strerror}): free some room, or write"
        raise Problem("output", f"{message} elsewhere") from error


def _give_up(stream: TextIO) -> None:
    """Python writes what is left when it ends, and would fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def tell(line: str) -> None:
    """A line on stderr, if that can be written to."""
    try:
        print(line, file=sys.stderr, flush=True)
    except OSError:
        _give_up(sys.stderr)
