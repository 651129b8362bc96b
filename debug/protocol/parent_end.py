"""The parent's end of a child process: starts it, talks to it, and outlives it.

Torch and MAX live in a child so that a graph that crashes takes no screen with it. The
child runs in a session of its own, so that Ctrl-C in the terminal is the parent's to
handle, and whatever it prints besides messages comes as `Noise`. All text is made plain on
its way in (`debug.protocol.plain`).
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Generic, TypeAlias, TypeVar

import msgspec

from debug.protocol.child_end import PIPE_CLOSED, WHERE
from debug.protocol.messages import Event, Message, decode_event, encode
from debug.protocol.noise import Noise, noise, read_noise, roomy_pipe
from debug.protocol.plain import plain_line

LINE_LIMIT = 64 * 2**20
"""Bytes; the description of a large model's layers fills one line."""
MESSAGE = b'{"type":'
"""How a message begins, if something else was written before it in its line."""
CLOSED = "it closed its pipe to the screen"
AS_WHEN = {signal.SIGBUS: ", as when a file that it reads is cut short"}
"""What a person may think of, who knows no signals."""
GRACE_SECONDS = 1.0
WORD_SECONDS = 0.3
"""For a child that hangs to say where."""
POLL_SECONDS = 0.1
PF_EXITING = 0x4
"""The flag of Linux's ``include/linux/sched.h``: getting shut down."""
KEEP_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(2**32), "MALLOC_TRIM_THRESHOLD_": str(2**32)}
"""Attention alone is 54 MB at the size of tiny. glibc gives such blocks back to the system
and pays for each page when the next layer asks for it again, a tenth of a run's time."""
WAIT_ASLEEP = {"OMP_WAIT_POLICY": "passive"}
"""PyTorch's threads look for their next piece without rest for a while, and keep the cores
from MAX's, whose turn it is: on a busy machine a run then costs three times as much."""
ENVIRONMENT = {**KEEP_MEMORY, **WAIT_ASLEEP}
"""What a child is given besides, unless the person has set it."""
ROOT = Path(__file__).resolve().parents[2]


class Exited(msgspec.Struct, frozen=True):
    """The child is gone, whether it was asked to or not."""

    code: int
    why: str = ""
    """Why it was ended, if it was for something that it did."""

    @property
    def cause(self) -> str:
        if self.why:
            return self.why
        if self.code == PIPE_CLOSED:
            return CLOSED
        if self.code >= 0:
            return f"exit status {self.code}"
        with contextlib.suppress(ValueError):
            which = signal.Signals(-self.code)
            return f"killed by {which.name}{AS_WHEN.get(which, '')}"
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
        self._why = ""

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Starts the process, in a session of its own: the terminal's Ctrl-C is ours."""
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        printed, prints = roomy_pipe()
        try:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=prints,
                env={**ENVIRONMENT, **os.environ, "PYTHONPATH": path},
                limit=LINE_LIMIT,
                start_new_session=True,
            )
        except BaseException:
            os.close(printed)
            raise
        finally:
            os.close(prints)
        # What is left of a process before, its end above all, is not this one's.
        self._news, self._why = asyncio.Queue(), ""
        process = self._process
        assert process.stdout is not None
        self._readers = [
            asyncio.create_task(self._read_to_the_end(process, process.stdout, self._news)),
            asyncio.create_task(read_noise(printed, self._news.put_nowait)),
        ]
        ended = self._wait(process, self._readers, self._news)
        asyncio.create_task(ended)  # noqa: RUF006

    async def _read_to_the_end(
        self,
        process: asyncio.subprocess.Process,
        stream: asyncio.StreamReader,
        news: "News[T]",
    ) -> None:
        """A child that can't be heard any more is of no use, and may not know it."""
        await self._read_events(stream, news)
        while not await _has_ended(process):
            if not _is_ending(process.pid):
                self._why = CLOSED
                self.kill()
                return

    async def _read_events(self, stream: asyncio.StreamReader, news: "News[T]") -> None:
        try:
            while line := await stream.readline():
                for each in self._heard(line):
                    await news.put(each)
        except ValueError:  # without it, nobody knows what the next ones are about
            self._why = f"it sent a message of more than {LINE_LIMIT // 2**20} MiB"
            self.kill()

    def _heard(self, line: bytes) -> "Iterator[T | Noise]":
        """The message of a line, and what else was written into it."""
        start = max(line.find(MESSAGE), 0)
        try:
            message = self._decode(plain_line(line[start:]))
        except (ValueError, RecursionError, msgspec.DecodeError):
            yield from noise(line, among_messages=True)
            return
        yield from noise(line[:start], among_messages=True)
        yield message

    async def _wait(
        self,
        process: asyncio.subprocess.Process,
        readers: list[asyncio.Task],
        news: "News[T]",
    ) -> None:
        code = await _end_of(process)
        _kill_session(process.pid)  # what it has started and left
        await _finish(process, readers)
        await news.put(Exited(code, self._why))

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
        await _has_ended(process)
        self.kill()
        await _end_of(process)
        await _finish(process, self._readers)

    async def stop_short(self) -> None:
        """Ends a process that hangs, once it has said in which line (`last_words`)."""
        if self.alive and self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(WHERE)
            await asyncio.sleep(WORD_SECONDS)
            self.kill()

    def kill(self) -> None:
        """Ends the process now, and whatever it started."""
        if self._process is not None:
            _kill_session(self._process.pid)


def _kill_session(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS's, for zombies
        os.killpg(pid, signal.SIGKILL)


async def _has_ended(process: asyncio.subprocess.Process) -> bool:
    """Whether it does within the time that it is given."""
    try:
        await asyncio.wait_for(_end_of(process), GRACE_SECONDS)
    except TimeoutError:
        return False
    return True


def _is_ending(pid: int) -> bool:
    """Whether the system is taking a process down, which takes seconds where it has much
    memory and others are busy. Linux says so, in field 9 of proc_pid_stat(5)."""
    try:
        _, _, fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    except OSError:
        return False
    return bool(int(fields.split()[6]) & PF_EXITING)


async def _end_of(process: asyncio.subprocess.Process) -> int:
    """Its exit status. ``wait`` alone waits for its pipes, too, in some Pythons."""
    waiting = asyncio.ensure_future(process.wait())
    try:
        while process.returncode is None:
            await asyncio.wait({waiting}, timeout=POLL_SECONDS)
    finally:
        waiting.cancel()
    return process.returncode


async def _finish(
    process: asyncio.subprocess.Process, readers: Sequence[asyncio.Task]
) -> None:
    """Hears what is left in the pipes. Something that left the child's session may keep
    them open for as long as it likes."""
    if readers:
        await asyncio.wait(readers, timeout=GRACE_SECONDS)
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)
    process._transport.close()  # type: ignore[attr-defined]  # nothing public does


class EngineClient(Child[Event]):
    """One engine process."""

    def __init__(self, factory: str) -> None:
        """``factory`` names the subject, such as ``core.whisper:open_subject``."""
        super().__init__("debug.engine", factory, decode=decode_event)
