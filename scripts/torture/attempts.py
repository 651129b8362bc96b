"""Tries one thing after another in a child that may hang, die, or eat up the memory.

What is tried is a `Case`: something odd is written into a folder and opened there. It ends
in one of three ways: it opens, a `Problem` says in one line why it doesn't, or there is a
fault, which is anything else.
"""

import re
import resource
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from debug.protocol.diagnostic import Problem

Write = Callable[[Path], Path | str]
"""Writes something odd into a folder; what a person would give as its name."""

PATIENCE_SECONDS = 30.0
MEMORY_LIMIT = 12 * 2**30
"""Bytes of a child's address space."""
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
LONGEST = 600
"""Characters that a person reads as one line."""


@dataclass(frozen=True)
class Case:
    kind: str
    name: str
    write: Write
    says: tuple[str, ...] | None
    """One of these is in the message; None: it opens."""
    notes: tuple[str, ...] | None = None
    """One of these is in what is said of what opens; empty: nothing is; None: whatever."""
    may_be_refused: bool = False
    """Whether it may as well not open, with any message."""


@dataclass(frozen=True)
class Attempt:
    seconds: float
    notes: tuple[str, ...] = ()
    """What was said of what opened."""
    message: str | None = None
    """Why it did not open."""
    fault: str | None = None
    """What went wrong in the program itself."""


def wrong_with(case: Case, attempt: Attempt) -> str | None:
    """What a person would complain of; None if nothing."""
    if attempt.fault is not None:
        return attempt.fault
    for line in (attempt.message, *attempt.notes):
        if line is not None and (CONTROL.search(line) or len(line) > LONGEST):
            return f"no line that a terminal shows: {line[:200]!r}"
    if attempt.message is None:
        return _wrong_with_opened(case, attempt)
    return _wrong_with_refused(case, attempt.message)


def _wrong_with_opened(case: Case, attempt: Attempt) -> str | None:
    said = "; ".join(attempt.notes)
    if case.says is not None:
        return f"it opened: {said}"
    if case.notes == () and said:
        return f"a needless note: {said}"
    if case.notes and not any(word in said for word in case.notes):
        return f"none of {case.notes} in: {said}"
    return None


def _wrong_with_refused(case: Case, message: str) -> str | None:
    if not re.search(r"[;:] ?\w", message):
        return f"no advice in: {message}"
    if case.says is None:
        return None if case.may_be_refused else f"refused: {message}"
    if not any(word in message for word in case.says):
        return f"none of {case.says} in: {message}"
    return None


def attempt(case: Case, opens: Callable[[str], Sequence[str]]) -> Attempt:
    """Tries one in this process."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        given = str(case.write(Path(folder)))
        try:
            notes = tuple(opens(given))
        except Problem as problem:
            return Attempt(time.perf_counter() - started, message=str(problem.diagnostic))
        except BaseException as error:
            last = traceback.format_exception(error)[-2:]
            said = " ".join("".join(last).split())[:300]
            return Attempt(time.perf_counter() - started, fault=f"traceback: {said}")
    return Attempt(time.perf_counter() - started, notes)


def attempts(module: str, every: int = 1) -> Iterator[tuple[Case, Attempt]]:
    """Tries the cases of a module that has ``cases`` and ``opens``, or each n-th."""
    cases: Sequence[Case] = import_module(module).cases()
    child: _Child | None = None
    for number in range(0, len(cases), every):
        case = cases[number]
        child = child or _Child(module)
        result = child.ask(number)
        if result.fault in ("hangs", "died"):
            child.end()
            child = None
        yield case, result
    if child is not None:
        child.end()


class _Child:
    def __init__(self, module: str) -> None:
        context = get_context("spawn")
        self._answers, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(module, theirs), daemon=True)
        self._process.start()
        theirs.close()
        self._answers.recv()  # it has imported what is slow

    def ask(self, number: int) -> Attempt:
        self._answers.send(number)
        if not self._answers.poll(PATIENCE_SECONDS):
            return Attempt(PATIENCE_SECONDS, fault="hangs")
        try:
            return self._answers.recv()
        except EOFError:
            return Attempt(0.0, fault="died")

    def end(self) -> None:
        self._process.kill()
        self._process.join()


def _serve(module: str, requests: Connection) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    loaded = import_module(module)
    cases = loaded.cases()
    requests.send(None)
    while True:
        requests.send(attempt(cases[requests.recv()], loaded.opens))
