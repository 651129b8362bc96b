"""Talks to a real engine process, as the screen does.

Tests leave MAX to it: in their own process its threads would keep the processor busy, and
a Pilot waits until that is idle.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from debug.protocol.messages import (
    Compared,
    Event,
    Failed,
    Idle,
    Isolated,
    Open,
    RunTo,
    Stopped,
)
from debug.protocol.parent_end import EngineClient, Exited, Noise
from debug.protocol.values import Divergence, Mode
from examples.two_layers import FACTORY

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


@asynccontextmanager
async def opened(graph: Path, mode: Mode = Mode.INTERPRET) -> AsyncIterator[Conversation]:
    """An engine on the example of two layers that has been asked to open it."""
    engine = EngineClient(FACTORY)
    await engine.start()
    try:
        talk = Conversation(engine)
        engine.send(Open({"graph": str(graph)}, mode))
        yield talk
    finally:
        engine.kill()
        await engine.stop()


@asynccontextmanager
async def ready(graph: Path, mode: Mode = Mode.INTERPRET) -> AsyncIterator[Conversation]:
    """The same once it waits for a step."""
    async with opened(graph, mode) as talk:
        await talk.wait(Stopped)
        yield talk
