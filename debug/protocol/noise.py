"""What a child process prints besides its messages, as much of it as anybody can read.

A port may print a line a value, a million of them. A screen that showed each would show
nothing else for a minute. So a moment has room for so many lines; of what is more, the last
are kept, for an error comes last, and how many were left out is said.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence

import msgspec

from debug.protocol.plain import plain

LINE_LIMIT = 2000
"""Characters of a line that are shown."""
LINES = 50
"""That a moment has room for; as many again are kept of the rest."""
MOMENT_SECONDS = 0.25
CHUNK = 2**16


class Noise(msgspec.Struct, frozen=True):
    """A line that something in the child printed."""

    text: str


def noise(line: bytes) -> Iterator[Noise]:
    """What a terminal would show of a line, if it is anything."""
    shown = line[-LINE_LIMIT:] if b"\r" in line else line[:LINE_LIMIT]
    text = plain(shown.decode(errors="replace").rstrip().rpartition("\r")[2])
    if text:
        yield Noise(text)


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

    def take(self, lines: Sequence[bytes], now: float) -> Iterator[Noise]:
        """Those that are shown at once, after what is left of the moment before."""
        if now - self._began >= MOMENT_SECONDS:
            yield from self.rest()
            self._began, self._passed = now, 0
        room = LINES - self._passed
        self._passed += len(lines[:room])
        self._kept.extend(lines[room:])
        self._more += len(lines[room:])
        for line in lines[:room]:
            yield from noise(line)

    def rest(self) -> Iterator[Noise]:
        """The last of those that there was no room for."""
        if left_out := self._more - len(self._kept):
            yield Noise(f"… {left_out:,} more lines")
        for line in self._kept:
            yield from noise(line)
        self._kept.clear()
        self._more = 0


async def read_noise(stream: asyncio.StreamReader, hear: Callable[[Noise], None]) -> None:
    """Hears a stream to its end, and never waits for whoever reads what it has heard."""
    unfinished, moment = b"", Moment()
    while True:
        piece, lines = None, []
        waits = MOMENT_SECONDS if moment.is_full else None
        with contextlib.suppress(TimeoutError):
            piece = await asyncio.wait_for(stream.read(CHUNK), waits)
        if piece is not None:
            *lines, unfinished = (unfinished + piece).split(b"\n")
            if len(unfinished) > CHUNK or not piece:
                lines, unfinished = [*lines, unfinished], b""
        for each in moment.take(lines, time.monotonic()):
            hear(each)
        if piece == b"":
            break
        await asyncio.sleep(0)  # a stream that has more gives nobody else a turn
    for each in moment.rest():
        hear(each)
