"""A real terminal with the real program in it: a pseudo-terminal, drawn by pyte."""

import contextlib
import fcntl
import os
import pty
import signal
import struct
import sys
import termios
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pyte

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = int(os.environ.get("PATIENCE", "300"))
"""The first run on a machine compiles the kernels."""


class Screen(pyte.Screen):
    """Textual asks the terminal for modes that pyte does not know, with arguments."""

    def report_device_status(self, *_: object, **__: object) -> None: ...

    def select_graphic_rendition(self, *attributes: int, private: bool = False) -> None:
        if not private:
            super().select_graphic_rendition(*attributes)


class Terminal:
    """Types keys and reads the screen, as a person does."""

    def __init__(self, *arguments: str, columns: int = 120, rows: int = 36) -> None:
        self._screen = Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._lock = threading.Lock()
        self._drawn: list[str] | None = None
        """The lines, while nothing has come since they were read."""
        command = [sys.executable, "-m", "tui.dashboard", *arguments]
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            os.chdir(ROOT)
            environment = {**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8"}
            os.execve(sys.executable, command, environment)
        size = struct.pack("HHHH", rows, columns, 0, 0)
        fcntl.ioctl(self._terminal, termios.TIOCSWINSZ, size)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while data := os.read(self._terminal, 65536):
                with self._lock:
                    self._stream.feed(data)
                    self._drawn = None

    def lines(self) -> list[str]:
        with self._lock:
            if self._drawn is None:
                self._drawn = list(self._screen.display)
            return self._drawn

    def text(self) -> str:
        return "\n".join(self.lines())

    def line(self, *parts: str) -> str | None:
        """The first line on the screen that holds all of these."""
        return next((line for line in self.lines() if all(p in line for p in parts)), None)

    def type(self, *keys: str) -> None:
        for key in keys:
            os.write(self._terminal, key.encode())
            time.sleep(0.05)  # as fast as fingers: an escape sequence is no two keys

    @property
    def _running(self) -> bool:
        return psutil.Process(self.pid).status() != psutil.STATUS_ZOMBIE

    def wait_until(self, condition: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            if time.monotonic() > deadline or not self._running:
                raise AssertionError(f"never saw {what}:\n{self.text()}")
            time.sleep(0.2)  # reading the screen costs the program its processor

    def wait_for(self, *parts: str) -> None:
        self.wait_until(lambda: self.line(*parts), " and ".join(parts))

    def wait_gone(self, *parts: str) -> None:
        self.wait_until(lambda: not self.line(*parts), f"the end of {parts}")

    def wipe(self) -> None:
        """Empties the screen, as another program may."""
        with self._lock:
            self._screen.reset()
            self._drawn = None

    @property
    def is_given_back(self) -> bool:
        """Whether the program is stopped and a shell would find its terminal as it was."""
        stopped = psutil.Process(self.pid).status() == psutil.STATUS_STOPPED
        echoes = termios.tcgetattr(self._terminal)[3] & termios.ECHO
        return stopped and bool(echoes)

    def engine(self) -> psutil.Process:
        """The child process that owns torch and MAX."""
        children = psutil.Process(self.pid).children(recursive=True)
        (engine,) = [child for child in children if "debug.engine" in child.cmdline()]
        return engine

    def engines(self) -> list[int]:
        """The process ids of those that live."""
        children = psutil.Process(self.pid).children(recursive=True)
        alive = [
            c for c in children if c.is_running() and c.status() != psutil.STATUS_ZOMBIE
        ]
        return [each.pid for each in alive if "debug.engine" in each.cmdline()]

    def quit(self) -> int:
        """Leaves with the key for it; the program's exit status."""
        self.type("q")
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        self._reader.join()  # else it would read from whoever gets the descriptor next
        os.close(self._terminal)
