"""The parent's end of a child process: starts it, talks to it, and outlives it.

Torch and MAX live in a child so that a graph that crashes takes no screen with it. The
child runs in a session of its own, so that Ctrl-C in the terminal is the parent's to
handle, and whatever it prints besides messages comes as `Noise`.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Generic, TypeAlias, TypeVar

import msgspec

from debug.protocol.messages import Event, Message, decode_event, encode

LINE_LIMIT = 64 * 2**20
"""Bytes; the description of a large model's layers fills one line."""
GRACE_SECONDS = 1.0
KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(2**32), "MALLOC_TRIM_THRESHOLD_": str(2**32)}
"""Attention alone is 54 MB at the size of tiny. glibc gives such blocks back to the system
and pays for each page when the next layer asks for it again, a tenth of a run's time."""
ROOT = Path(__file__).resolve().parents[2]


class Noise(msgspec.Struct, frozen=True):
    """A line that something in the child printed."""

    text: str


class Exited(msgspec.Struct, frozen=True):
    """The child is gone, whether it was asked to or not."""

    code: int

    @property
    def cause(self) -> str:
        if self.code >= 0:
            return f"exit status {self.code}"
        with contextlib.suppress(ValueError):
            return f"killed by {signal.Signals(-self.code).name}"
        return f"killed by signal {-self.code}"


T = TypeVar("T")
News: TypeAlias = "asyncio.Queue[T | Noise | Exited]"


class Child(Generic[T]):
    """A Python process that owns torch and MAX, and says what it does, a message a line."""

    def __init__(self, module: str, *arguments: str, decode: Callable[[bytes], T]) -> None:
        self._command = [sys.executable, "-m", module, *arguments]
        self._decode = decode
        self._process: asyncio.subprocess.Process | None = None
        self._news: News[T] = asyncio.Queue()
        self._readers: list[asyncio.Task] = []

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Starts the process, in a session of its own: the terminal's Ctrl-C is ours."""
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**KEEP_MEMORY, **os.environ, "PYTHONPATH": path},
            limit=LINE_LIMIT,
            start_new_session=True,
        )
        # What is left of a process before, its end above all, is not this one's.
        self._news = asyncio.Queue()
        process = self._process
        assert process.stdout is not None
        assert process.stderr is not None
        self._readers = [
            asyncio.create_task(self._read_events(process.stdout, self._news)),
            asyncio.create_task(self._read_noise(process.stderr, self._news)),
        ]
        ended = self._wait(process, self._readers, self._news)
        asyncio.create_task(ended)  # noqa: RUF006

    async def _read_events(self, stream: asyncio.StreamReader, news: "News[T]") -> None:
        while line := await stream.readline():
            await news.put(self._decode(line))

    async def _read_noise(self, stream: asyncio.StreamReader, news: "News[T]") -> None:
        while line := await stream.readline():
            text = line.decode(errors="replace").rstrip()
            if text:
                await news.put(Noise(text))

    async def _wait(
        self,
        process: asyncio.subprocess.Process,
        readers: list[asyncio.Task],
        news: "News[T]",
    ) -> None:
        code = await process.wait()
        await asyncio.gather(*readers, return_exceptions=True)
        await news.put(Exited(code))

    async def events(self) -> AsyncIterator[T | Noise | Exited]:
        """Everything the child says, in order; the last is that it is gone."""
        heard = self._news
        while True:
            news = await heard.get()
            yield news
            if isinstance(news, Exited):
                return

    def send(self, command: Message) -> None:
        """Asks for something. A child that is gone is asked in vain."""
        if self.alive and self._process and self._process.stdin:
            with contextlib.suppress(ConnectionError, RuntimeError):
                self._process.stdin.write(encode(command))

    async def stop(self) -> None:
        """Ends the process: politely, then for good."""
        process = self._process
        if process is None:
            return
        if process.stdin:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), GRACE_SECONDS)
        except TimeoutError:
            self.kill()
            await process.wait()
        await asyncio.gather(*self._readers, return_exceptions=True)

    def kill(self) -> None:
        """Ends the process now, and whatever it started."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)


class EngineClient(Child[Event]):
    """One engine process."""

    def __init__(self, factory: str) -> None:
        """``factory`` names the subject, such as ``core.whisper:open_subject``."""
        super().__init__("debug.engine", factory, decode=decode_event)
