"""Hostile saves and signals against the real dashboard in a real terminal."""

import contextlib
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from scripts.torture.saves import PORT, Save, make_well, put

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))

from terminal.terminal import Terminal

ALL_OK = "4 of 4 layers ok"
SAID_SECONDS = 15.0
"""For what a save does to be said: a crash and a restart are among them."""
MENDED_SECONDS = 15.0
ANSWER_SECONDS = 10.0


@dataclass
class Result:
    """What became of one attack."""

    survived: bool = False
    """Whether the dashboard's own process lives on."""
    message: bool = False
    """Whether the screen said what it should."""
    recovered: bool = False
    """Whether one good save, or what the screen itself does, made all well again."""
    with_key: bool = False
    """Whether R did, where that alone did not."""
    latency: float = 0.0
    """Seconds until a key was answered while it went on."""
    said: str = ""


class Attacked:
    """A dashboard on a port in a folder of its own."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="torture-")
        self.folder = Path(self._folder.name)
        make_well(self.folder)
        self.terminal = Terminal(str(self.folder / "port.py"))
        if not self.sees(ALL_OK, 180):
            raise RuntimeError(f"the dashboard never ran:\n{self.terminal.text()}")

    @property
    def alive(self) -> bool:
        with contextlib.suppress(psutil.Error):
            return psutil.Process(self.terminal.pid).status() != psutil.STATUS_ZOMBIE
        return False

    def sees(self, text: str, seconds: float) -> bool:
        return self.waits(lambda: self.holds(text), seconds)

    def holds(self, text: str) -> bool:
        """Whether the screen shows a text, wherever its lines are broken."""
        shown = "".join(self.terminal.text().split())
        return "".join(text.split()) in shown

    def waits(self, condition: Callable[[], bool], seconds: float) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return True
            if not self.alive:
                return False
            time.sleep(0.05)
        return False

    def answers(self) -> float:
        """Seconds until the help is on the screen, and away again."""
        started = time.monotonic()
        with contextlib.suppress(OSError):
            self.terminal.type("?")
            self.waits(lambda: self.holds("Each layer of your MAX graph"), 10)
            taken = time.monotonic() - started
            self.terminal.type("\x1b")
            time.sleep(0.3)
            return taken
        return ANSWER_SECONDS

    def rss(self) -> int:
        """Bytes of both processes."""
        own = psutil.Process(self.terminal.pid)
        every = [own, *own.children(recursive=True)]
        return sum(each.memory_info().rss for each in every)

    def close(self) -> None:
        with contextlib.suppress(psutil.Error, OSError):
            self.terminal.close()
        self._folder.cleanup()


def attack(on: Attacked, save: Save) -> Result:
    """One hostile save, and then one good one."""
    result = Result()
    save.do(on.folder)
    wanted = save.says

    def settled() -> bool:
        if wanted is not None:
            return on.holds(wanted) and (save.file is None or on.holds(save.file))
        return on.holds("generation") and not on.holds("reading")

    if wanted is None:
        time.sleep(2.0)
    result.message = on.waits(settled, SAID_SECONDS)
    result.said = "" if result.message else _summary(on)
    result.latency = on.answers()
    make_well(on.folder)
    time.sleep(0.5)
    result.recovered = on.waits(lambda: well(on), MENDED_SECONDS)
    if not result.recovered and on.alive:
        on.terminal.type("R")
        result.with_key = on.waits(lambda: well(on), 60)
    result.survived = on.alive
    return result


def well(on: Attacked) -> bool:
    return on.holds(ALL_OK) and not on.holds("STALE") and not on.holds("engine is gone")


def _summary(on: Attacked) -> str:
    lines = [line.strip() for line in on.terminal.lines() if line.strip()]
    return " / ".join(lines[:2] + lines[-3:])[:300]


def kills(count: int) -> Iterator[tuple[str, Result]]:
    """Signals to the engine at moments that differ."""
    on = Attacked()
    try:
        for number in range(count):
            name = ("SIGKILL", "SIGSEGV", "SIGABRT")[number % 3]
            if number % 2:
                make_well(on.folder)  # while it looks
                time.sleep(0.05 * (number % 7))
            result, started = Result(), time.monotonic()
            with contextlib.suppress(psutil.Error, ValueError):
                on.terminal.engine().send_signal(getattr(signal, name))
            result.message = on.sees("the engine is gone", 2.0)
            result.latency = time.monotonic() - started
            on.terminal.type("R")
            result.recovered = on.waits(lambda: well(on), 60)
            result.survived = on.alive
            yield name, result
            if not result.survived:
                return
    finally:
        on.close()


def endurance(count: int) -> tuple[Result, list[int], list[float]]:
    """Many good saves; the memory after each tenth, and the seconds of each."""
    on = Attacked()
    memory, seconds = [], []
    try:
        for number in range(count):
            started = time.monotonic()
            put("port.py", f"{PORT}# reload {number}\n")(on.folder)
            wanted = f"generation {number + 2}"
            on.sees(wanted, 30)
            seconds.append(time.monotonic() - started)
            if number % 10 == 9:
                memory.append(on.rss())
        result = Result(on.alive, True, well(on), False, max(seconds))
    finally:
        on.close()
    return result, memory, seconds
