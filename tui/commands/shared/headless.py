"""Runs a subject without a screen: what ``check``, ``dump``, ``repro`` and ``warm`` share.

The engine computes every layer, and then works on its own: isolated layers, causes, texts.
The run is over once it says that it is idle.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from debug.protocol.diagnostic import DUMP, FAILED
from debug.protocol.messages import (
    Compared,
    Dumped,
    Event,
    Failed,
    Idle,
    Message,
    NotPossible,
    Open,
    Opened,
    Progress,
    RunTo,
    Stopped,
    Working,
)
from debug.protocol.parent_end import EngineClient, Exited, Noise
from debug.results.run import Run
from tui.commands.shared.ask import problem_of
from tui.commands.shared.event_log import EventLog
from tui.commands.shared.gone import Gone
from tui.commands.shared.progress import Reporter, reporting
from tui.settings import Settings

RUNNING = "running the candidate"


def run_all(settings: Settings, log: EventLog) -> Run:
    """Every layer of one generation.

    Raises:
        Problem: the subject could not be opened, built, or run to its end.
    """
    run = run_as_far_as_it_goes(settings, log)
    if run.stale is not None:
        raise problem_of(run.stale)
    return run


def run_as_far_as_it_goes(settings: Settings, log: EventLog, quiet: bool = False) -> Run:
    """The layers before the first that can't run; why it can't is `Run.stale`.

    Raises:
        Problem: the subject could not be opened or built.
    """
    with reporting(log, quiet=quiet) as reporter:
        return asyncio.run(_run(settings, reporter, to_the_end=True))[0]


def load(settings: Settings, log: EventLog) -> Run:
    """One generation, built and not run.

    Raises:
        Problem: the subject could not be opened or built.
    """
    with reporting(log) as reporter:
        return asyncio.run(_run(settings, reporter, to_the_end=False))[0]


@dataclass(frozen=True)
class Errand:
    """What is asked of the engine once a layer, and all that comes before it, has run."""

    choose: Callable[[Run], int]
    """The layer; a `Problem` if there is no such."""
    question: Callable[[int], Message]
    """About the layer. What answers it ends the run."""


def run_errand(settings: Settings, log: EventLog, errand: Errand) -> tuple[Run, Dumped]:
    """The layers up to the one that is asked about, and the answer.

    Raises:
        Problem: the subject could not be opened, built, or run that far, or the question
            has no answer.
    """
    with reporting(log) as reporter:
        run, answer = asyncio.run(_run(settings, reporter, True, errand))
    if answer is None:
        assert run.stale is not None
        raise problem_of(run.stale)
    return run, answer


async def _run(
    settings: Settings, reporter: Reporter, to_the_end: bool, errand: Errand | None = None
) -> tuple[Run, Dumped | None]:
    run, noise, target = Run(), [], -1
    engine = EngineClient(settings.factory)
    await engine.start()
    opening = Open(settings.options, settings.mode, watch=False, partial=to_the_end)
    engine.send(opening)
    try:
        async for news in engine.events():
            match news:
                case Noise(text):
                    noise.append(text)
                case Exited():
                    raise Gone("engine", news, noise)
                case Progress():
                    reporter.progress(news)
                case Failed(diagnostic) if run.loaded is None:
                    raise problem_of(diagnostic)
                case NotPossible(diagnostic) if diagnostic.kind == FAILED:
                    run.apply(news)
                    reporter.log.write("problem", kind=FAILED, message=str(diagnostic))
                case NotPossible(diagnostic) if diagnostic.kind == DUMP:
                    raise problem_of(diagnostic)
                case Dumped():
                    return run, news
                case NotPossible(diagnostic):
                    reporter.progress(Progress(str(diagnostic)))
                case _:
                    run.apply(news)
                    _log(reporter.log, run, news)
                    if progress := progress_of(news, run):
                        reporter.progress(progress)
            if isinstance(news, Stopped) and not to_the_end:
                break
            if isinstance(news, Stopped) and news.position < 0:
                reporter.progress(Progress(RUNNING, 0, len(run.layers)))
                target = errand.choose(run) if errand else run.last
                engine.send(RunTo(target))
            has_ended = isinstance(news, Idle) and target >= 0
            if has_ended and errand and run.position >= target:
                engine.send(errand.question(target))
            elif has_ended and (run.position >= target or run.stale):
                break
    finally:
        engine.kill()
        await engine.stop()
    return run, None


def progress_of(event: Event, run: Run) -> Progress | None:
    """What a result or a job says about how far the engine has got."""
    match event:
        case Working(job, done, total):
            return Progress(job, done - 1, total)  # the piece that has begun is not done
        case Compared(index=index):
            return Progress(RUNNING, index + 1, len(run.layers))
    return None


def _log(log: EventLog, run: Run, news: object) -> None:
    if isinstance(news, Opened):
        names = ("model", "audio", "graph", "device", "dtype")
        fields = {name: getattr(news, name) for name in names}
        log.write("opened", **fields, engine=news.mode)
    elif isinstance(news, Compared):
        divergence = news.chained
        log.write(
            "layer",
            name=run.layers[news.index].name,
            verdict=divergence.verdict,
            ratio=divergence.ratio,
            rel_l2=divergence.rel_l2,
            took=news.seconds,
        )
