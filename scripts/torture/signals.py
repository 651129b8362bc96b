"""Signals to the engine of a real dashboard, and good saves without end."""

import contextlib
import random
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import psutil

from scripts.torture.dashboard import Attacked, Result
from scripts.torture.port import PORT, put

SIGNALS = (signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGSTOP)
STOPPED_SECONDS = 1.0
NOTICED_SECONDS = 2.0


def kills(count: int) -> Iterator[tuple[str, Result]]:
    """Signals to the engine at moments that differ: while it opens, runs, or is idle. A
    process that was stopped goes on, and has lost nothing."""
    on, chance = Attacked(), random.Random(7)
    try:
        for number in range(count):
            which, wait = SIGNALS[number % len(SIGNALS)], chance.uniform(0, 1.5)
            if number % 3:
                put("port.py", f"{PORT}# {number}\n")(on.folder)
            time.sleep(wait)
            result = _killed(on, which)
            after = "a save" if number % 3 else "the last"
            yield f"{which.name}, {wait:.2f} s after {after}", result
            if not result.survived:
                return
    finally:
        on.close()


def _killed(on: Attacked, which: signal.Signals) -> Result:
    result, engine = Result(), on.terminal.engine()
    with contextlib.suppress(psutil.Error, ValueError):
        engine.send_signal(which)
    started = time.monotonic()
    if which is signal.SIGSTOP:
        time.sleep(STOPPED_SECONDS)
        result.latency = on.answers()
        with contextlib.suppress(psutil.Error):
            engine.send_signal(signal.SIGCONT)
        result.message = True
    else:
        result.message = on.sees(f"killed by {which.name}", NOTICED_SECONDS)
        result.latency = time.monotonic() - started
        result.said = "" if result.message else on.summary()
    result.recovered = on.waits(lambda: on.well, 30)
    if not result.recovered:
        result.said = on.summary()
        on.terminal.type("R")
        result.with_key = on.waits(lambda: on.well, 60)
    result.survived = on.alive
    return result


@dataclass
class Held:
    """What both processes have at a moment."""

    memory: int = 0
    """In bytes."""
    descriptors: int = 0
    threads: int = 0

    @classmethod
    def by(cls, on: Attacked) -> "Held":
        own, held = psutil.Process(on.terminal.pid), cls()
        for each in (own, *own.children(recursive=True)):
            held.memory += each.memory_info().rss
            held.descriptors += each.num_fds()
            held.threads += each.num_threads()
        return held


@dataclass
class Endurance:
    result: Result
    held: list[Held] = field(default_factory=list)
    """After each tenth reload."""
    seconds: list[float] = field(default_factory=list)
    """That each reload took, until the screen showed it."""


def endurance(count: int) -> Endurance:
    """Many good saves."""
    on = Attacked()
    found = Endurance(Result(message=True))
    try:
        for number in range(count):
            started = time.monotonic()
            put("port.py", f"{PORT}# reload {number}\n")(on.folder)
            on.waits(lambda n=number: on.generation == str(n + 2) and on.well, 30)
            found.seconds.append(time.monotonic() - started)
            if number % 10 == 9:
                found.held.append(Held.by(on))
        found.result.survived, found.result.recovered = on.alive, on.well
        found.result.latency = max(found.seconds)
    finally:
        on.close()
    return found
