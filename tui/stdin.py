"""Audio from a pipe: ``-`` in the place of a file.

Many formats can't be read without seeking, so what comes through the pipe is kept in a
file. It has no name where the system allows that, so that it goes when the program does,
whatever ends it; and it has a limit, because a pipe need not end.
"""

import os
import select
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from debug.protocol.diagnostic import Problem
from tui.streams import tell

PIPE = "-"
BYTES_PER_SECOND = 1_600_000
"""Of sound that nobody compressed: two channels of 192,000 samples of 4 bytes."""
MOST_BYTES = 2**30
PIECE = 2**18
SILENCE_SECONDS = 3.0
"""After which a person is told that nothing comes."""


@contextmanager
def piped_audio(
    audio: str | None, max_seconds: float | None = None
) -> Iterator[str | None]:
    """The path to read: a file of what stdin holds if ``audio`` is ``-``.

    Args:
        audio: what a person gave.
        max_seconds: of it are wanted; what a pipe holds beyond them may stay there.

    Raises:
        Problem: nothing is piped in, or it can't be kept.
    """
    if audio != PIPE:
        yield audio
        return
    if sys.stdin.isatty():
        raise Problem("audio", "nothing is piped in: maxwhisper ... - < FILE")
    with _kept() as (file, path):
        limit = MOST_BYTES
        if max_seconds is not None:
            limit = min(limit, int((max_seconds + 1) * BYTES_PER_SECOND))
        try:
            count = _copy(sys.stdin.buffer, file, limit)
            file.flush()
        except OSError as error:
            message = f"can't keep stdin in {tempfile.gettempdir()} ({error.strerror})"
            raise Problem("audio", f"{message}; free some room, or set TMPDIR") from error
        if count == 0:
            raise Problem("audio", "stdin is empty; pipe an audio file into it")
        yield path


@contextmanager
def _kept() -> Iterator[tuple[IO[bytes], str]]:
    """A file and the path by which a child process opens it."""
    try:
        nameless = tempfile.TemporaryFile(prefix="maxwhisper-")  # noqa: SIM115 (closed below)
    except OSError as error:
        message = f"can't keep stdin in a temporary folder ({error.strerror or error})"
        raise Problem("audio", f"{message}; set TMPDIR to one") from error
    with nameless:
        path = f"/proc/{os.getpid()}/fd/{nameless.fileno()}"
        if os.path.exists(path):
            yield nameless, path
            return
    with tempfile.TemporaryDirectory(prefix="maxwhisper-") as folder:
        named = Path(folder) / "stdin"
        with named.open("wb") as file:
            yield file, str(named)


def _copy(source: IO[bytes], target: IO[bytes], limit: int) -> int:
    """Copies what there is, up to a limit; how many bytes that was."""
    count = 0
    _say_if_nothing_comes(source)
    while count < limit:
        piece = source.read(min(PIECE, limit - count))
        if not piece:
            return count
        target.write(piece)
        count += len(piece)
    tell(f"warning: only the first {limit:,} bytes of stdin are used")
    return count


def _say_if_nothing_comes(source: IO[bytes]) -> None:
    with suppress(OSError, ValueError):  # no descriptor, so nothing to wait for
        if not select.select([source], [], [], SILENCE_SECONDS)[0]:
            tell("waiting for audio on stdin; Ctrl-C ends it")
