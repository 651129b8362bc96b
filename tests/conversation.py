"""Talks to a real engine process, as the screen does.

Loading torch and MAX takes an engine seconds, so that one engine opens the toy again for
every test of a module. Tests of how an engine begins or ends have their own.

Tests leave MAX to it: in their own process its threads would keep the processor busy, and
a Pilot waits until that is idle.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from debug.protocol.messages import (
    Abort,
    Compared,
    Event,
    Failed,
    Idle,
    Isolated,
    Open,
    Opened,
    RunTo,
    Stopped,
)
from debug.protocol.parent_end import EngineClient, Exited, Noise
from debug.protocol.values import Divergence, Mode

PATIENCE_SECONDS = 300
"""The first run on a machine compiles the kernels."""

T = TypeVar("T", bound=Event | Exited)


class Conversation:
    """Sends commands to an engine and waits for answers, keeping all it hears."""

    def __init__(self, engine: EngineClient) -> None:
        self.engine = engine
        self.heard: list[Event | Noise | Exited] = []
        self._events = engine.events()

    async def wait(self, kind: type[T]) -> T:
        async with asyncio.timeout(PATIENCE_SECONDS):
            async for news in self._events:
                self.heard.append(news)
                if isinstance(news, kind):
                    return news
                if isinstance(news, Failed | Exited):
                    raise AssertionError(f"waited for {kind.__name__}, heard {news}")
        raise AssertionError("the engine fell silent")

    async def open(self, graph: Path, mode: Mode) -> Opened:
        """Has the toy opened; what is left of the test before is not heard."""
        self.engine.send(Abort())
        self.engine.send(Open({"graph": str(graph)}, mode))
        async with asyncio.timeout(PATIENCE_SECONDS):
            async for news in self._events:
                if isinstance(news, Opened) and news.graph == str(graph):
                    self.heard.append(news)
                    return news
                if isinstance(news, Exited):
                    raise AssertionError(f"heard {news}")
        raise AssertionError("the engine fell silent")

    async def run_to(self, index: int) -> list[Compared]:
        start = len(self.heard)
        self.engine.send(RunTo(index))
        await self.wait(Stopped)
        return [news for news in self.heard[start:] if isinstance(news, Compared)]

    async def isolated(self) -> dict[int, Divergence]:
        """What has run alone since the last stop, by index."""
        start = len(self.heard)
        await self.wait(Idle)
        return {
            news.index: news.divergence
            for news in self.heard[start:]
            if isinstance(news, Isolated)
        }

    async def results(self) -> list[Compared]:
        start = len(self.heard)
        await self.wait(Stopped)
        return [news for news in self.heard[start:] if isinstance(news, Compared)]


async def end(engine: EngineClient) -> None:
    engine.kill()
    await engine.stop()


@asynccontextmanager
async def opened(
    engine: EngineClient, graph: Path, mode: Mode = Mode.INTERPRET
) -> AsyncIterator[Conversation]:
    """An engine that has opened the toy subject and goes on to build the candidate."""
    if not engine.alive:
        await engine.start()
    talk = Conversation(engine)
    try:
        await talk.open(graph, mode)
        yield talk
    except BaseException:
        await end(engine)  # whatever state it is in, the next test has a new one
        raise


@asynccontextmanager
async def ready(
    engine: EngineClient, graph: Path, mode: Mode = Mode.INTERPRET
) -> AsyncIterator[Conversation]:
    """The same once it waits for a step."""
    async with opened(engine, graph, mode) as talk:
        await talk.wait(Stopped)
        yield talk
