"""Runs a subject to the end without a screen: what the commands of ``maxwhisper`` share."""

import asyncio
import sys
import time
from contextlib import contextmanager

from rich.console import Console

from debug.client import EngineClient, Exited, Noise
from debug.diagnostic import Diagnostic, Problem
from debug.protocol import Failed, Open, Progress, RunTo, Stopped
from debug.run import Run
from tui.settings import Settings


def run_all(settings: Settings) -> Run:
    """Every layer of one generation.

    Raises:
        Problem: the subject could not be opened, built, or run to its end.
    """
    return asyncio.run(_run_all(settings))


async def _run_all(settings: Settings) -> Run:
    run, noise = Run(), []
    engine = EngineClient(settings.factory)
    await engine.start()
    engine.send(Open(settings.options, settings.engine, watch=False))
    with progress() as say:
        try:
            async for news in engine.events():
                match news:
                    case Noise(text):
                        noise.append(text)
                    case Exited():
                        raise _gone(news, noise)
                    case Progress(what):
                        say(what)
                    case Failed(diagnostic):
                        raise _problem(diagnostic)
                    case _:
                        run.apply(news)
                if isinstance(news, Stopped):
                    if news.position == len(run.layers) - 1:
                        break
                    say("running the candidate")
                    engine.send(RunTo(len(run.layers) - 1))
        finally:
            engine.kill()
            await engine.stop()
    return run


def _problem(diagnostic: Diagnostic) -> Problem:
    place = diagnostic.path, diagnostic.line, diagnostic.detail
    return Problem(diagnostic.kind, diagnostic.message, *place)


def _gone(exited: Exited, noise: list[str]) -> Problem:
    last = f": {noise[-1]}" if noise else ""
    message = f"the engine is gone ({exited.cause}){last}; try maxwhisper doctor"
    return Problem("engine", message, detail="\n".join(noise))


@contextmanager
def progress():
    """Says on stderr what takes long: a live line on a terminal, plain lines elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda what: print(f"{what} ...", file=sys.stderr, flush=True)
        return
    started = time.monotonic()
    with console.status("starting the engine") as status:

        def say(what: str) -> None:
            nonlocal started
            started = time.monotonic()
            status.update(what)

        ticking = asyncio.get_running_loop().create_task(_tick(status, lambda: started))
        try:
            yield say
        finally:
            ticking.cancel()


async def _tick(status, started) -> None:
    """Puts the seconds that the current stage has taken behind its name."""
    while True:
        await asyncio.sleep(1)
        text = str(status.status).partition(" · ")[0]
        status.update(f"{text} · {time.monotonic() - started():.0f} s")
