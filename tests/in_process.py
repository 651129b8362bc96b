"""Commands in the test's own process, and what they ask in it, too.

A process that loads torch and MAX takes seconds, and most of what a command does has
nothing to do with processes. Every message is still encoded and decoded, as on its way
through a pipe. Tests of processes themselves have `shell`.
"""

import io
import subprocess
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import chdir, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any, cast
from unittest.mock import patch

from shell import ROOT

import tui.commands.shared.ask
import tui.commands.shared.headless
from core.messages import Answer, Request, decode_answer, decode_request
from core.worker.process import Worker
from debug.engine.process import Engine
from debug.protocol.diagnostic import from_exception
from debug.protocol.messages import (
    Command,
    Event,
    Failed,
    Message,
    decode_command,
    decode_event,
    encode,
)
from debug.protocol.parent_end import Exited
from tui.commands import main


def maxwhisper(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Runs a command, as in a folder, where no terminal is."""
    return ran(main, *arguments, folder=folder)


def ran(
    program: Callable[[list[str]], int], *arguments: str, folder: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Runs a program that has an engine or a worker."""
    out, err = StringIO(), StringIO()
    with (
        chdir(folder),
        redirect_stdout(out),
        redirect_stderr(err),
        patch.object(tui.commands.shared.ask, "Child", WorkerHere),
        patch.object(tui.commands.shared.headless, "EngineClient", EngineHere),
    ):
        try:
            status = program(list(arguments))
        except SystemExit as end:
            status = int(end.code or 0)
    return subprocess.CompletedProcess(arguments, status, out.getvalue(), err.getvalue())


class ChildHere:
    """What `debug.protocol.parent_end.Child` does, without a process."""

    alive = True

    async def start(self) -> None: ...

    def kill(self) -> None: ...

    async def stop(self) -> None: ...


class WorkerHere(ChildHere):
    """`core.worker` for one request."""

    def __init__(self, *_: object, **__: object) -> None:
        self._request: Request | None = None

    def send(self, request: Request) -> None:
        self._request = decode_request(encode(request))

    async def events(self) -> AsyncIterator[Answer | Exited]:
        answers: list[bytes] = []
        assert self._request is not None
        with redirect_stdout(StringIO()):  # as the process keeps its stdout to itself
            try:
                Worker(lambda answer: answers.append(encode(answer))).answer(self._request)
            except Exception as error:
                failed = Failed(from_exception("internal", error), fatal=True)
                answers.append(encode(failed))
        for answer in answers:
            yield decode_answer(answer)
        yield Exited(0)


class EngineHere(ChildHere):
    """`debug.engine`, which works while its events are waited for."""

    def __init__(self, factory: str) -> None:
        self._engine = Engine(factory, io.BytesIO(), cast(Any, self))
        self._commands: deque[Command] = deque()
        self._said: deque[bytes] = deque()

    def write(self, event: bytes) -> None:
        self._said.append(event)

    def send(self, command: Message) -> None:
        self._commands.append(decode_command(encode(command)))

    async def events(self) -> AsyncIterator[Event]:
        engine = self._engine
        while self._said or self._commands or engine._next:
            while self._said:
                yield decode_event(self._said.popleft())
            with redirect_stdout(StringIO()):
                if self._commands:
                    engine._guarded(engine._handle, self._commands.popleft())
                elif engine._next:
                    engine._guarded(engine._next)
