"""What a source may have changed of the engine's own process, put back before the next.

A source is executed in the process that runs all of them. One that changes the working
folder, a default of PyTorch's or what a signal does changes it for the next source, which
may no longer have that line. Functions of libraries are put back by
`debug.candidate.libraries`; this is about the process itself. What the engine can't do
without is put back as soon as the source has run.

Not everything can be put back: a limit of the system's that was lowered stays so, and a
descriptor that was closed may be another file by now. Then only another process helps, and
`BeyondRepair` says so.
"""

import gc
import locale
import os
import resource
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import psutil
import torch

from debug.protocol.child_end import apart

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM, signal.SIGCHLD)
LIMITS = (resource.RLIMIT_NOFILE, resource.RLIMIT_AS, resource.RLIMIT_FSIZE)
STANDARD = (0, 1, 2)
DESCRIPTORS = ["descriptors that are not its own"]


class BeyondRepair(Exception):
    """The process is not what it was, and never will be again."""

    def __init__(self, what: list[str]) -> None:
        super().__init__(", ".join(what))
        self.what = what


def _set_folder(path: str) -> None:
    if os.path.isdir(path):
        os.chdir(path)


def _folder() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was deleted
        return ""


def _set_streams(streams: tuple[Any, ...]) -> None:
    sys.stdin, sys.stdout, sys.stderr = streams


def _set_handlers(handlers: tuple[Any, ...]) -> None:
    for number, handler in zip(SIGNALS, handlers, strict=True):
        signal.signal(number, signal.SIG_DFL if handler is None else handler)


def _set_collecting(on: bool) -> None:
    (gc.enable if on else gc.disable)()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _limits() -> tuple[tuple[int, int], ...]:
    return tuple(resource.getrlimit(each) for each in LIMITS)


def _set_limits(limits: tuple[tuple[int, int], ...]) -> None:
    for each, limit in zip(LIMITS, limits, strict=True):
        resource.setrlimit(each, limit)


def _identity(descriptor: int) -> tuple[int, int] | None:
    try:
        found = os.fstat(descriptor)
    except OSError:
        return None
    return found.st_dev, found.st_ino


PARTS: dict[str, tuple[Callable[[], Any], Callable[[Any], object]]] = {
    "the working folder": (_folder, _set_folder),
    "stdin, stdout or stderr": (lambda: (sys.stdin, sys.stdout, sys.stderr), _set_streams),
    "what signals do": (
        lambda: tuple(signal.getsignal(each) for each in SIGNALS),
        _set_handlers,
    ),
    "which signals are blocked": (
        lambda: signal.pthread_sigmask(signal.SIG_BLOCK, ()),
        lambda blocked: signal.pthread_sigmask(signal.SIG_SETMASK, blocked),
    ),
    "the mask of new files": (_umask, os.umask),
    "the limits of the process": (_limits, _set_limits),
    "the recursion limit": (sys.getrecursionlimit, sys.setrecursionlimit),
    "a trace function": (sys.gettrace, sys.settrace),
    "the collection of garbage": (gc.isenabled, _set_collecting),
    "the locale": (
        lambda: locale.setlocale(locale.LC_ALL),
        lambda name: locale.setlocale(locale.LC_ALL, name),
    ),
    "PyTorch's default dtype": (torch.get_default_dtype, torch.set_default_dtype),
    "PyTorch's gradients": (torch.is_grad_enabled, torch.set_grad_enabled),
    "PyTorch's threads": (torch.get_num_threads, torch.set_num_threads),
    "PyTorch's deterministic mode": (
        torch.are_deterministic_algorithms_enabled,
        torch.use_deterministic_algorithms,
    ),
}
"""By what a person calls it, how it is asked for and how it is set."""


class Surroundings:
    """The process as it was when this was made. Only for its main thread."""

    def __init__(self) -> None:
        self._known = {name: ask() for name, (ask, _) in PARTS.items()}
        self._path = list(sys.path)
        self._environment = dict(os.environ)
        self._copies = {each: apart(each) for each in STANDARD}
        self._others = os.open(os.devnull, os.O_RDONLY)
        """A descriptor that nobody has a reason to close: who does, closes any."""
        self._nothing = _identity(self._others)

    def rescue(self) -> list[str]:
        """Undoes what the engine can't live with; the names of that.

        Raises:
            BeyondRepair: that is not possible.
        """
        signal.setitimer(signal.ITIMER_REAL, 0)
        if not self.whole:
            raise BeyondRepair(DESCRIPTORS)
        return self._put_descriptors_back()

    @property
    def whole(self) -> bool:
        """Whether MAX and the engine have all that they had opened, which MAX waits for in
        vain if it was closed. From any thread."""
        return _identity(self._others) == self._nothing

    def put_back(self) -> list[str]:
        """Undoes all that was changed since; the names of that.

        Raises:
            BeyondRepair: something stays as it was made.
        """
        changed = self.rescue() + self._put_path_back() + self._put_environment_back()
        changed += _end_copies()
        spoiled = []
        for name, (ask, change) in PARTS.items():
            if ask() == self._known[name]:
                continue
            with suppress(OSError, ValueError):
                change(self._known[name])
            (changed if ask() == self._known[name] else spoiled).append(name)
        if spoiled:
            raise BeyondRepair(spoiled)
        return changed

    def _put_descriptors_back(self) -> list[str]:
        lost = [n for n, copy in self._copies.items() if _identity(n) != _identity(copy)]
        for each in lost:
            os.dup2(self._copies[each], each)
        return [f"descriptor {each}" for each in lost]

    def _put_path_back(self) -> list[str]:
        """What was added goes without a word: many a port does that."""
        now = list(sys.path)
        sys.path[:] = self._path
        return [] if set(self._path) <= set(now) else ["sys.path"]

    def _put_environment_back(self) -> list[str]:
        """What was set besides may be a library's, which sets it once."""
        lost = _lost(self._environment, os.environ)
        os.environ.update(lost)
        self._environment = dict(os.environ)
        return ["the environment"] if lost else []


def _end_copies() -> list[str]:
    """Ends what a source has forked and left: each holds all that the engine does."""
    own = psutil.Process()
    copies = [
        each for each in own.children(recursive=True) if _command(each) == own.cmdline()
    ]
    for each in copies:
        with suppress(psutil.Error):
            each.kill()
    psutil.wait_procs(copies, 1)
    return ["the number of its processes"] if copies else []


def _command(process: psutil.Process) -> list[str]:
    with suppress(psutil.Error):
        return process.cmdline()
    return []


def _lost(before: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in before.items() if now.get(key) != value}
