"""What a source may have changed of the engine's own process, put back before the next.

A source is executed in the process that runs all of them. One that changes the working
folder, a default of PyTorch's or what a signal does changes it for the next source, which
may no longer have that line. What is asked for and set by a function each, is in
`debug.engine.process_parts`. Functions of libraries are put back by
`debug.candidate.libraries`; this is about the process itself. What the engine can't do
without is put back as soon as the source has run.

Not everything can be put back: a limit of the system's that was lowered stays so, and a
descriptor that was closed may be another file by now. Then only another process helps, and
`BeyondRepair` says so.
"""

import os
import random
import resource
import signal
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import numpy as np
import psutil
import torch

from debug.engine.process_parts import LIBRARIES, PARTS, PROCESS, PYTHON, Part
from debug.protocol.child_end import apart

STANDARD = (0, 1, 2)
DESCRIPTORS = ["descriptors that are not its own"]
OPEN_FILES = ["how many files it has open"]
OF_MAX = "MODULAR_"
"""How variables of the environment begin that MAX reads."""
TIMERS = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)
SEED = 0
SURE_SECONDS = 1.0
"""Between two looks at threads that tell whether they rest."""
BUSY = 0.05
"""The share of the time; on a busy machine a thread that never rests gets little more."""


class BeyondRepair(Exception):
    """The process is not what it was, and never will be again."""

    def __init__(self, what: list[str]) -> None:
        super().__init__(", ".join(what))
        self.what = what


def _identity(descriptor: int) -> tuple[int, int] | None:
    try:
        found = os.fstat(descriptor)
    except OSError:
        return None
    return found.st_dev, found.st_ino


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
        self._worked = _ThreadTimes()
        """When a source had run last."""

    def rescue(self) -> list[str]:
        """Undoes what the engine can't live with; the names of that.

        Raises:
            BeyondRepair: that is not possible.
        """
        for timer in TIMERS:
            signal.setitimer(timer, 0)
        if not self.whole:
            raise BeyondRepair(DESCRIPTORS)
        self._worked = _ThreadTimes()
        return self._put_descriptors_back() + self._put_parts_back(PYTHON)

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
        worked = self._worked
        changed = self.rescue() + self._put_path_back() + self._put_environment_back()
        changed += _end_copies() + self._put_parts_back(PROCESS | LIBRARIES)
        if not _has_descriptors():
            raise BeyondRepair(OPEN_FILES)
        if worked.is_one_busy_until(self._worked):
            raise BeyondRepair(["how many threads are always at work"])
        _seed()
        return changed

    def _put_parts_back(self, parts: Mapping[str, Part]) -> list[str]:
        changed: list[str] = []
        spoiled: list[str] = []
        for name, (ask, change) in parts.items():
            if _same(ask(), self._known[name]):
                continue
            with suppress(OSError, ValueError):
                change(self._known[name])
            (changed if _same(ask(), self._known[name]) else spoiled).append(name)
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
        """What was set besides may be a library's, which sets it once; but MAX sets none
        that it reads."""
        lost = _lost(self._environment, os.environ)
        os.environ.update(lost)
        added = {key for key in os.environ if key.startswith(OF_MAX)} - {*self._environment}
        for key in added:
            del os.environ[key]
        self._environment = dict(os.environ)
        return ["the environment"] if lost or added else []


class _ThreadTimes:
    """How long each of Python's threads has worked until now, in seconds. One that a source
    has left at work takes half of Python's time for itself, and nothing ends it."""

    def __init__(self) -> None:
        """
        Raises:
            BeyondRepair: no file can be opened any more, as is needed to know.
        """
        self._now = time.monotonic()
        main = threading.main_thread().native_id
        python = {each.native_id for each in threading.enumerate()} - {main}
        try:
            times = psutil.Process().threads()
        except OSError as error:
            raise BeyondRepair(OPEN_FILES) from error
        self._worked = {
            each.id: each.user_time + each.system_time
            for each in times
            if each.id in python
        }

    def is_one_busy_until(self, later: "_ThreadTimes") -> bool:
        """Whether a thread has worked most of the time that it could have."""
        passed = later._now - self._now
        common = self._worked.keys() & later._worked.keys()
        worked = [later._worked[each] - self._worked[each] for each in common]
        return passed > SURE_SECONDS and max(worked, default=0) > BUSY * passed


def _seed() -> None:
    """Every source begins with the same random numbers, whatever those before it have
    drawn or seeded: one that seeds nothing gives the same weights after each save."""
    random.seed(SEED)
    np.random.seed(SEED)  # a port may draw from this one
    torch.manual_seed(SEED)


def _same(now: Any, known: Any) -> bool:
    """Whether both are equal; what a source has put there may not even be compared."""
    with suppress(Exception):
        return bool(now == known)
    return False


def _has_descriptors() -> bool:
    """Whether as many are free as are used; else a library will soon lack one."""
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return allowed == resource.RLIM_INFINITY or psutil.Process().num_fds() <= allowed / 2


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
