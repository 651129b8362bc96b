"""What a child process prints besides its messages, as much of it as anybody can read.

A port may print a line a value, a million of them. A screen that showed each would show
nothing else for a minute. So a moment has room for so many lines; of what is more, the last
are kept, for an error comes last, and how many were left out is said. The pipe is read by a
thread that does nothing else: a child that prints need not wait for the screen to be drawn.
"""

import asyncio
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
LINES = 50
"""That a moment has room for; as many again are kept of the rest."""
MOMENT_SECONDS = 0.25
CHUNK = 2**18
"""Bytes that are read at once."""
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
        self._passed = 0
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
            self._began, self._passed = now, 0
        room = LINES - self._passed
        lines = text.split(b"\n", room)
        if len(lines) > room:
            others = lines.pop()
            self._more += others.count(b"\n") + 1
            self._kept.extend(others.rsplit(b"\n", LINES)[-LINES:])
        self._passed += len(lines)
        for line in lines:
            yield from noise(line)

    def rest(self) -> Iterator[Noise]:
        """The last of those that there was no room for."""
        if left_out := self._more - len(self._kept):
            yield Noise(f"… {left_out:,} more lines")
        for line in self._kept:
            yield from noise(line)
        self._kept.clear()
        self._more = 0


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
