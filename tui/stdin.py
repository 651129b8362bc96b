"""Audio from a pipe: ``-`` in the place of a file."""

import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from debug.protocol.diagnostic import Problem

PIPE = "-"


@contextmanager
def piped_audio(audio: str | None) -> Iterator[str | None]:
    """The path to read: a temporary file of what stdin holds if ``audio`` is ``-``.

    A file, because many formats can't be read without seeking.

    Raises:
        Problem: nothing is piped in.
    """
    if audio != PIPE:
        yield audio
        return
    if sys.stdin.isatty():
        raise Problem("audio", "nothing is piped in: maxwhisper ... - < FILE")
    with tempfile.TemporaryDirectory(prefix="maxwhisper-") as folder:
        path = Path(folder) / "stdin"
        with path.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file)
        if path.stat().st_size == 0:
            raise Problem("audio", "stdin is empty; pipe an audio file into it")
        yield str(path)
