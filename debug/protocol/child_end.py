"""A child process's end of the pipe: messages on stdout, and an end when stdin ends.

MAX, Mojo and torch print from native code, where Python can't catch it. So the real
stdout is kept for messages, and file descriptor 1 is pointed at stderr for everybody
else.
"""

import io
import os
import sys
import threading
from collections.abc import Iterator
from typing import BinaryIO


def private_stdout() -> BinaryIO:
    """A copy of stdout for the protocol; everything else that prints goes to stderr.

    MAX, Mojo and torch print from native code, which would tear the protocol.
    """
    messages = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # no print of a port may fail
            stream.reconfigure(errors="backslashreplace")
    return messages


def lines_until_gone(stream: BinaryIO) -> Iterator[bytes]:
    """The screen's lines. When they end, so does the process, whatever it is doing.

    The screen is gone then, and native code in the main thread may be minutes from an end.
    """
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
