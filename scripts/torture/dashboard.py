"""Hostile saves against the real dashboard in a real terminal."""

import contextlib
import re
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from scripts.torture.lines import OK
from scripts.torture.port import FILES, make_well
from scripts.torture.saves import Save

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))

from terminal.terminal import Terminal

SAID_SECONDS = 30.0
"""For what a save does to be said: two engines may end of it, one after the other."""
MENDED_SECONDS = 20.0
ANSWER_SECONDS = 10.0
HANGS_SECONDS = 15.0
"""After which a person sees how long a build that hangs may last."""


@dataclass
class Result:
    """What became of one attack."""

    survived: bool = False
    """Whether the dashboard's own process lives on."""
    message: bool = False
    """Whether the screen said what it should, of the right place."""
    kept: bool = True
    """Whether the last good run was still there, marked as stale."""
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
        if not self.sees(OK, 180):
            raise RuntimeError(f"the dashboard never ran:\n{self.terminal.text()}")

    @property
    def alive(self) -> bool:
        with contextlib.suppress(psutil.Error):
            return psutil.Process(self.terminal.pid).status() != psutil.STATUS_ZOMBIE
        return False

    @property
    def squeezed(self) -> str:
        """The screen without spaces, wherever its lines are broken."""
        return "".join(self.terminal.text().split())

    def holds(self, text: str) -> bool:
        return "".join(text.split()) in self.squeezed

    def sees(self, text: str, seconds: float) -> bool:
        return self.waits(lambda: self.holds(text), seconds)

    def waits(self, condition: Callable[[], bool], seconds: float) -> bool:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return True
            if not self.alive:
                return False
            time.sleep(0.05)
        return condition()

    @property
    def generation(self) -> str:
        found = re.search(r"generation(\d+)", self.squeezed)
        return found[1] if found else ""

    @property
    def well(self) -> bool:
        return "".join(OK.split()) in "".join(self.terminal.lines()[0].split())

    def answers(self) -> float:
        """Seconds until the help is on the screen, and away again."""
        started = time.monotonic()
        with contextlib.suppress(OSError):
            self.terminal.type("?")
            self.waits(lambda: self.holds("Each layer of your MAX graph"), ANSWER_SECONDS)
            taken = time.monotonic() - started
            self.terminal.type("\x1b")
            self.waits(lambda: not self.holds("Each layer of your MAX graph"), 5)
            return taken
        return ANSWER_SECONDS

    def summary(self) -> str:
        lines = [line.strip() for line in self.terminal.lines() if line.strip()]
        return " / ".join(lines[:3])[:400]

    def close(self) -> None:
        with contextlib.suppress(psutil.Error, OSError):
            self.terminal.close()
        self._folder.cleanup()


def attack(on: Attacked, save: Save) -> Result:
    """One hostile save, and then one good one."""
    result, before = Result(), on.generation
    if save.keys:
        on.terminal.type(save.keys)
        time.sleep(0.5)
    save.do(on.folder)
    time.sleep(0.1)
    result.latency = on.answers()
    if save.hangs:
        result.latency = max(result.latency, _ended_by_key(on))
    result.message = on.waits(lambda: _says(on, save, before), SAID_SECONDS)
    if not save.runs:
        rows = 0 if save.kind == "moments" else 4  # the last good run may have diverged
        result.kept = on.holds("STALE") and on.squeezed.count("✓ok") >= rows
    if not (result.message and result.kept):
        result.said = on.summary()
    result.latency = max(result.latency, on.answers())
    before = on.generation
    make_well(on.folder)
    anew = save.ends or save.kind == "moments"  # then it counts from 1, or was good
    result.recovered = on.waits(
        lambda: on.well and (anew or on.generation != before), MENDED_SECONDS
    )
    if not result.recovered and on.alive:
        result.said = on.summary()
        on.terminal.type("R")
        result.with_key = on.waits(lambda: on.well, 60)
    result.survived = on.alive
    return result


def _says(on: Attacked, save: Save, before: str) -> bool:
    if save.file is not None:
        stale = on.holds("STALE") and on.holds(save.where)
        return stale and any(map(on.holds, save.says))
    reading = any(on.holds(f"reading {file}") for file in FILES)
    said = any(map(on.holds, save.says)) and not reading
    return said and (save.kind == "moments" or save.ends or on.generation != before)


def _ended_by_key(on: Attacked) -> float:
    """Seconds until an engine that hangs is gone; the countdown must be there before."""
    if not on.sees("ends in", HANGS_SECONDS):
        return ANSWER_SECONDS
    started = time.monotonic()
    on.terminal.type("a")
    on.sees("it was stopped", ANSWER_SECONDS)
    return time.monotonic() - started
