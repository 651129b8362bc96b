"""What a child process prints besides its messages, as much of it as anybody can read.

A port may print a line a value, a million of them. A screen that showed each would show
nothing else for a minute. So a moment has room for so many lines; of what is more, the last
are kept, for an error comes last, and how many were left out is said. The pipe is read by a
thread that does nothing else: a child that prints need not wait for the screen to be drawn.
"""

import asyncio
import fcntl
import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress

import msgspec

from debug.protocol.plain import plain

LINE_LIMIT = 2000
"""Characters of a line that are shown."""
LINES, CHARACTERS = 50, 10_000
"""That a moment has room for; as much again is kept of the rest."""
MOMENT_SECONDS = 0.25
CHUNK = 2**20
"""Bytes that a child may print before somebody reads them, and that are read at once: on a
busy machine, each time that one waits for the other costs a turn."""
LONGEST = 2**16
"""Bytes of a line that has not ended yet."""


class Noise(msgspec.Struct, frozen=True):
    """A line that something in the child printed."""

    text: str
    among_messages: bool = False
    """Whether it came where messages do, as last words do."""


def noise(line: bytes, among_messages: bool = False) -> Iterator[Noise]:
    """What a terminal would show of a line, if it is anything."""
    shown = line[-LINE_LIMIT:] if b"\r" in line else line[:LINE_LIMIT]
    text = plain(shown.decode(errors="replace").rstrip().rpartition("\r")[2])
    if text:
        yield Noise(text, among_messages)


class Moment:
    """Which lines there is room for."""

    def __init__(self) -> None:
        self._began = -MOMENT_SECONDS
        self._lines, self._characters = LINES, CHARACTERS
        """That there is room for."""
        self._kept: deque[bytes] = deque(maxlen=LINES)
        self._more = 0

    @property
    def is_full(self) -> bool:
        return self._more > 0

    def take(self, text: bytes, now: float) -> Iterator[Noise]:
        """Of some lines those that are shown at once, after what is left of the moment
        before. The others are only counted, but for the last."""
        if now - self._began >= MOMENT_SECONDS:
            yield from self.rest()
            self._began, self._lines, self._characters = now, LINES, CHARACTERS
        while text and self._lines > 0 and self._characters > 0:
            line, more, text = text.partition(b"\n")
            self._lines -= 1
            self._characters -= min(len(line), LINE_LIMIT)
            yield from noise(line)
            if not more:
                return
        if text:
            self._more += text.count(b"\n") + 1
            self._kept.extend(text.rsplit(b"\n", LINES)[-LINES:])

    def rest(self) -> Iterator[Noise]:
        """The last of those that there was no room for."""
        room, shown = CHARACTERS, 0
        for line in reversed(self._kept):
            room -= min(len(line), LINE_LIMIT)
            shown += room >= 0
        if left_out := self._more - shown:
            yield Noise(f"… {left_out:,} more lines")
        for line in list(self._kept)[len(self._kept) - shown :]:
            yield from noise(line)
        self._kept.clear()
        self._more = 0


def roomy_pipe() -> tuple[int, int]:
    """A pipe for what a child prints: on a busy machine each time that it is full costs the
    child its turn. Linux alone can be asked for more room."""
    read, write = os.pipe()
    with suppress(AttributeError, OSError):
        fcntl.fcntl(write, fcntl.F_SETPIPE_SZ, CHUNK)
    return read, write


async def read_noise(descriptor: int, hear: Callable[[Noise], object]) -> None:
    """Hears a pipe to its end, or until this is cancelled, and closes it.

    Args:
        descriptor: of the pipe.
        hear: is called by the running loop.
    """
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    stop, stopper = os.pipe()

    def read() -> None:
        with suppress(RuntimeError):  # the loop has ended
            for each in _noise_of(descriptor, stop):
                loop.call_soon_threadsafe(hear, each)
            loop.call_soon_threadsafe(over.set)
        os.close(descriptor)
        os.close(stop)

    threading.Thread(target=read, daemon=True).start()
    try:
        await over.wait()
    finally:
        os.close(stopper)


def _noise_of(descriptor: int, stop: int) -> Iterator[Noise]:
    """All of a pipe, until that or another has ended."""
    ready, moment, unfinished = select.poll(), Moment(), b""
    ready.register(descriptor, select.POLLIN)
    ready.register(stop, 0)
    while True:
        news = dict(ready.poll(MOMENT_SECONDS * 1000 if moment.is_full else None))
        if stop in news:
            return
        if not news:
            yield from moment.rest()
            continue
        piece = os.read(descriptor, CHUNK)
        text, end, unfinished = (unfinished + piece).rpartition(b"\n")
        if unfinished and (not piece or len(unfinished) > LONGEST):
            text, end, unfinished = text + end + unfinished, b"\n", b""
        if end:
            yield from moment.take(text, time.monotonic())
        if not piece:
            yield from moment.rest()
            return
