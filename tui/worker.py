"""Asks the worker, a process that owns torch and MAX, for one thing, and waits for it."""

import asyncio
from collections.abc import Callable

from core.messages import Answer, Request, decode_answer
from debug.client import Child, Exited, Noise
from debug.diagnostic import Diagnostic, Problem
from debug.protocol import Failed

Hear = Callable[[Answer], None]


def ask(request: Request, hear: Hear) -> None:
    """Has a request answered, and gives each answer to ``hear`` as it comes.

    Raises:
        Problem: the worker could not do it, or is gone.
    """
    asyncio.run(_ask(request, hear))


async def _ask(request: Request, hear: Hear) -> None:
    noise: list[str] = []
    worker = Child("core.worker", decode=decode_answer)
    await worker.start()
    worker.send(request)
    try:
        async for news in worker.events():
            match news:
                case Noise(text):
                    noise.append(text)
                case Failed(diagnostic):
                    raise problem_of(diagnostic)
                case Exited(code):
                    if code != 0:
                        raise gone("worker", news, noise)
                case _:
                    hear(news)
    finally:
        worker.kill()
        await worker.stop()


def problem_of(diagnostic: Diagnostic) -> Problem:
    place = diagnostic.path, diagnostic.line, diagnostic.detail
    return Problem(diagnostic.kind, diagnostic.message, *place)


def gone(name: str, exited: Exited, noise: list[str]) -> Problem:
    """A child process that ended without an answer."""
    last = f": {noise[-1]}" if noise else ""
    message = f"the {name} is gone ({exited.cause}){last}; try maxwhisper doctor"
    return Problem(name, message, detail="\n".join(noise))
