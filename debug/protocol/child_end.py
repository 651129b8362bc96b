"""A child process's end of the pipe: messages on stdout, and an end when stdin ends.

MAX, Mojo and torch print from native code, where Python can't catch it. So the real
stdout is kept for messages, and file descriptor 1 is pointed at stderr for everybody
else. Whoever reads stdin finds it empty: what comes there is the screen's.
"""

import contextlib
import fcntl
import io
import os
import signal
import sys
import threading
from collections.abc import Iterator
from typing import BinaryIO

WHERE = signal.SIGUSR1
"""The signal by which the screen asks a child that hangs in which line it is."""
PIPE_CLOSED = 4
"""The exit status of a child whose pipe to the screen was closed by what it runs."""
APART = 200
"""The protocol's descriptors have numbers from here on: a port that closes all that it may
have opened itself closes none of them."""


def apart(descriptor: int) -> int:
    """A copy of a descriptor, with a number that nobody else uses."""
    try:
        return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, APART)
    except OSError:  # fewer are allowed
        return os.dup(descriptor)


def private_stdin() -> BinaryIO:
    """A copy of stdin for the protocol; for everybody else there is nothing to read."""
    commands = os.fdopen(apart(0), "rb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return commands


def private_stdout() -> BinaryIO:
    """A copy of stdout for the protocol; everything else that prints goes to stderr.

    MAX, Mojo and torch print from native code, which would tear the protocol. It stays open
    until the process is gone: whoever hears its end takes the child for dead, and torch and
    MAX may need seconds to end once nothing is left to say.
    """
    messages = os.fdopen(apart(1), "wb", buffering=0, closefd=False)
    os.dup2(2, 1)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # no print of a port may fail
            stream.reconfigure(errors="backslashreplace")
    return messages


def lines_until_gone(stream: BinaryIO) -> Iterator[bytes]:
    """The screen's lines. When they end, so does the process, whatever it is doing.

    The screen is gone then, and native code in the main thread may be minutes from an end.
    """
    with contextlib.suppress(OSError, ValueError):  # somebody has closed it
        yield from stream
    os._exit(0)


def end_with(descriptor: int) -> None:
    """Ends this process as soon as the screen is gone, from a thread of its own.

    Args:
        descriptor: of the pipe from the screen. A buffered file would be locked by the
            waiting thread when the process ends by itself.
    """

    def wait() -> None:
        while os.read(descriptor, 4096):
            pass
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()
