"""What went wrong, as a value: it travels as JSON and ends as one line on the screen."""

import re
import traceback
from collections.abc import Collection
from pathlib import Path

import msgspec

from debug.protocol.device_errors import remedy_for
from debug.protocol.plain import plain

FAILED = "explain"
"""The kind of what the debugger itself failed at while it looked into a run."""

DUMP = "dump"
"""The kind of why a layer's values were not written."""

LOOK = "values"
"""The kind of why a layer's values can't be shown."""

ARCHIVE = "archive"
"""The kind of what is wrong with values that an earlier session has kept."""
INSPECT = "inspect"
"""The kind of why a layer can't be taken apart."""


class Diagnostic(msgspec.Struct, frozen=True):
    kind: str
    """What it is about, in a word: audio, model, device, graph, engine, internal, ..."""
    message: str
    """What is wrong and what to do about it, in one line."""
    path: str | None = None
    line: int | None = None
    """Counted from 1."""
    detail: str = ""
    """The traceback or other long text, for whoever asks."""

    def __str__(self) -> str:
        message = " ".join(plain(self.message).split())
        if self.path is None:
            return message
        name = plain(Path(self.path).name)
        place = name if self.line is None else f"{name}:{self.line}"
        return f"{place}: {message}"


MESSAGE_LIMIT, DETAIL_LIMIT = 1000, 20_000
"""Characters: an exception may print a whole tensor."""
OUT_OF_BOUNDS = "is out of bounds"
"""What MAX's kernels say of an index beyond what it is to take from: nothing helps but
another index."""
AXIS_AND_SIZE = re.compile(rf"(?<={OUT_OF_BOUNDS}) for axis \d+ with size (\d+)")
"""The axis is one of three into which MAX joins them all."""
MAX_SHAPE = re.compile(r"#mosh<ape(\[[^\]]*\])> : !mosh\.ape")


def first_line(error: BaseException) -> str:
    """The line of an exception's message that says most, with the exception's type.

    It is the first, but MAX puts its reason under headings, and shapes in its dialect.
    What a GPU's driver says comes after what it means.
    """
    said = _said(error)
    remedy = remedy_for(error)
    return said if remedy is None else f"{remedy} ({said})"


def _said(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    if "Diagnostics:" in lines[:-1]:
        lines = lines[lines.index("Diagnostics:") + 1 :]
    while lines[1:] and lines[0].endswith(":"):
        lines = lines[1:]
    name = type(error).__name__
    if not lines:
        return name
    said = AXIS_AND_SIZE.sub(r": there are \1", lines[0])
    return cut(f"{name}: " + MAX_SHAPE.sub(r"\1", said), MESSAGE_LIMIT)


def whole(error: BaseException) -> str:
    """An exception's traceback, its middle left out if it is very long."""
    return cut("".join(traceback.format_exception(error)), DETAIL_LIMIT)


def cut(text: str, limit: int) -> str:
    """A text without its middle, if it is longer than anybody reads."""
    return text if len(text) <= limit else f"{text[: limit // 2]} … {text[-limit // 2 :]}"


def blame(error: BaseException, files: Collection[str]) -> tuple[str, int] | None:
    """The innermost place inside ``files`` that an exception passed through."""
    place = None
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename in files and frame.lineno is not None:
            place = frame.filename, frame.lineno
    return place


class Problem(Exception):
    """Carries a `Diagnostic` up to whoever can show it."""

    def __init__(
        self,
        kind: str,
        message: str,
        path: str | Path | None = None,
        line: int | None = None,
        detail: str = "",
    ) -> None:
        place = None if path is None else str(path)
        self.diagnostic = Diagnostic(kind, message, place, line, detail)
        super().__init__(str(self.diagnostic))

    @classmethod
    def carrying(cls, diagnostic: Diagnostic) -> "Problem":
        """The problem that a diagnostic tells of."""
        d = diagnostic
        return cls(d.kind, d.message, d.path, d.line, d.detail)

    @classmethod
    def of(
        cls,
        kind: str,
        error: BaseException,
        files: Collection[str] = (),
        prefix: str = "",
        path: str | Path | None = None,
    ) -> "Problem":
        """The problem that another exception is.

        It is placed at the line of ``files`` that it came from, or else at ``path``.
        """
        found = from_exception(kind, error, files)
        message = f"{prefix}: {found.message}" if prefix else found.message
        return cls(kind, message, found.path or path, found.line, found.detail)

    @classmethod
    def at(
        cls, kind: str, error: BaseException, place: tuple[str, int] | None, prefix: str
    ) -> "Problem":
        """The problem that another exception is, at a line that is known."""
        path, line = place or (None, None)
        detail = whole(error)
        return cls(kind, f"{prefix}: {first_line(error)}", path, line, detail)


def from_exception(
    kind: str, error: BaseException, files: Collection[str] = ()
) -> Diagnostic:
    """Describes any exception, at the line of ``files`` that it came from if any."""
    if isinstance(error, Problem):
        return error.diagnostic
    detail = whole(error)
    if isinstance(error, SyntaxError):
        message = f"syntax error: {error.msg}"
        return Diagnostic(kind, message, error.filename, error.lineno, detail)
    path, line = blame(error, files) or (None, None)
    return Diagnostic(kind, first_line(error), path, line, detail)
