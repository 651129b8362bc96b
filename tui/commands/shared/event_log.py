"""``--log FILE``: what happens, one JSON object a line, with times and memory.

Every command writes ``start``, a ``stage`` for each thing that takes a while, ``problem``
if one ends it, and ``end``; between them what it found, such as ``layer``.
"""

import json
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Self

import msgspec
import psutil

from debug.protocol.diagnostic import Problem


class EventLog:
    """Writes nothing where no file was asked for."""

    def __init__(self, command: str, file: BinaryIO | None = None, path: str = "") -> None:
        self._command = command
        self._file = file
        self._path = path
        self._started = time.perf_counter()

    @classmethod
    @contextmanager
    def to(cls, path: str | None, command: str) -> Iterator[Self]:
        """
        Raises:
            Problem: the file can't be written.
        """
        if path is None:
            yield cls(command)
            return
        try:
            file = Path(path).open("ab", buffering=0)  # noqa: SIM115
        except OSError as error:
            message = f"can't write the log {path} ({error.strerror})"
            raise Problem(
                "log", f"{message}; give a file in a folder that exists"
            ) from error
        with file:
            yield cls(command, file, path)

    @staticmethod
    def arguments(parsed: Namespace) -> dict[str, Any]:
        """What the person gave, without what was left out."""
        given = {key: value for key, value in vars(parsed).items() if value is not None}
        return {key: value for key, value in given.items() if not callable(value)}

    def write(self, event: str, **fields: Any) -> None:
        """One line, at once, with the fields in ``data``: NaN and Inf become null.

        Raises:
            Problem: it can't be written, for the first time; then nothing more is.
        """
        if self._file is None:
            return
        record = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "command": self._command,
            "event": event,
            "seconds": round(time.perf_counter() - self._started, 3),
            "memory": memory_in_use(),
            "data": fields,
        }
        try:
            self._file.write(_line(record))
        except OSError as error:
            self._file = None
            message = f"can't write the log {self._path} ({error.strerror})"
            raise Problem("log", f"{message}; give a file where there is room") from error


def _line(record: dict[str, Any]) -> bytes:
    try:
        return msgspec.json.encode(record, enc_hook=str) + b"\n"
    except UnicodeEncodeError:  # a file name that is no UTF-8
        return json.dumps(record, default=str).encode() + b"\n"


def memory_in_use() -> int:
    """Bytes that this process and its children hold now."""
    own = psutil.Process()
    total = 0
    for process in [own, *own.children(recursive=True)]:
        with suppress(psutil.Error):
            total += process.memory_info().rss
    return total
