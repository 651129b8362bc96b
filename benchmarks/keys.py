"""How long a key takes until the screen has answered, while everything else goes on.

The real program in a terminal of its own. ``v`` has the graph compiled, a save every other
second has the engine reload and run it, and in between ``j`` and ``k`` go from one layer to
the next and back: a key is answered once the statistics have the other layer's name.

Usage: python benchmarks/keys.py [--keys 100] [--quiet]

Beside the time by the clock stands what the screen's own process has worked for a key: on
a machine that others use, too, it says more.
"""

import argparse
import fcntl
import os
import pty
import select
import statistics
import struct
import sys
import tempfile
import termios
import time
from pathlib import Path

import psutil

SOURCE = Path(__file__).resolve().parent.parent / "core" / "encoder.py"
EDIT = "d_head**-0.25", "d_head**-0.25 * {}"
ROWS, COLUMNS = 36, 120
FIRST, SECOND = b"statistics: conv1", b"statistics: conv2"
SAVE_SECONDS = 2.0
GAP_SECONDS = 0.15
"""Between an answer and the next key."""
START_SECONDS, KEY_SECONDS = 300.0, 20.0


class Terminal:
    """The program behind a terminal of its own."""

    def __init__(self, graph: Path) -> None:
        self.pid, self._file = pty.fork()
        if self.pid == 0:
            arguments = ["-m", "tui.dashboard", "--model", "micro", "--graph", str(graph)]
            os.execv(sys.executable, [sys.executable, *arguments])
        size = struct.pack("HHHH", ROWS, COLUMNS, 0, 0)
        fcntl.ioctl(self._file, termios.TIOCSWINSZ, size)
        self._process = psutil.Process(self.pid)

    @property
    def busy(self) -> float:
        """Seconds that the processor has worked for the screen."""
        times = self._process.cpu_times()
        return times.user + times.system

    def press(self, key: bytes) -> None:
        os.write(self._file, key)

    def until(self, text: bytes, seconds: float) -> float:
        """Seconds until a text is written.

        Raises:
            SystemExit: it was not.
        """
        begun, seen = time.perf_counter(), b""
        while text not in seen:
            left = begun + seconds - time.perf_counter()
            if left < 0 or not select.select([self._file], [], [], left)[0]:
                raise SystemExit(f"{text.decode()!r} was not written in {seconds:g} s")
            seen = seen[-len(text) :] + os.read(self._file, 1 << 16)
        return time.perf_counter() - begun

    def listen(self, seconds: float) -> None:
        """What is written meanwhile is no answer."""
        ends = time.perf_counter() + seconds
        while (left := ends - time.perf_counter()) > 0:
            if select.select([self._file], [], [], left)[0]:
                os.read(self._file, 1 << 16)


def measured(count: int, quiet: bool) -> tuple[list[float], float]:
    """Seconds of each key, and how long the processor has worked for the screen."""
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "encoder.py"
        graph.write_text(SOURCE.read_text())
        terminal = Terminal(graph)
        try:
            terminal.until(b"layers and 2 inputs are ok", START_SECONDS)
            terminal.press(b"Zgjj")  # all rows; from the inputs to the first layer
            terminal.until(FIRST, KEY_SECONDS)
            if not quiet:
                terminal.press(b"v")
            return pressed(terminal, graph, count, quiet)
        finally:
            terminal.press(b"q")
            terminal.listen(1)
            psutil.Process(terminal.pid).kill()
            os.waitpid(terminal.pid, 0)


def pressed(
    terminal: Terminal, graph: Path, count: int, quiet: bool
) -> tuple[list[float], float]:
    found, saved, busy = [], 0.0, terminal.busy
    for number in range(count):
        if not quiet and time.perf_counter() - saved > SAVE_SECONDS:
            old, new = EDIT
            edited = SOURCE.read_text().replace(old, new.format(1 + number / 1e4))
            graph.write_text(edited)
            saved = time.perf_counter()
        key, answer = (b"k", FIRST) if number % 2 else (b"j", SECOND)
        terminal.press(key)
        found.append(terminal.until(answer, KEY_SECONDS))
        terminal.listen(GAP_SECONDS)
    return found, terminal.busy - busy


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=100)
    parser.add_argument("--quiet", action="store_true", help="nothing else goes on")
    given = parser.parse_args()
    found, busy = measured(given.keys, given.quiet)
    milliseconds = [1000 * each for each in found]
    middle, last = statistics.median(milliseconds), statistics.quantiles(milliseconds, n=20)
    print(f"key to repaint: {middle:.0f} ms in the middle, {last[-1]:.0f} ms of 95 in 100")
    each = 1000 * busy / len(found)
    print(f"of the screen's processor: {each:.0f} ms a key, all that it drew meanwhile")


if __name__ == "__main__":
    main()
