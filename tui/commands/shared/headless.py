"""Runs a subject to the end without a screen: what ``check`` and ``warm`` share."""

import asyncio

from debug.protocol.messages import (
    Compared,
    Explained,
    Failed,
    Idle,
    Isolated,
    NotPossible,
    Open,
    Opened,
    Progress,
    RunTo,
    Stopped,
)
from debug.protocol.parent_end import EngineClient, Exited, Noise
from debug.results.run import Run
from tui.commands.shared.ask import gone, problem_of
from tui.commands.shared.event_log import EventLog
from tui.commands.shared.progress import Reporter, reporting
from tui.settings import Settings

RUNNING = "running the candidate"
ISOLATED = "running each layer alone"
WHY = "looking into what is wrong"


def run_all(settings: Settings, log: EventLog) -> Run:
    """Every layer of one generation.

    Raises:
        Problem: the subject could not be opened, built, or run to its end.
    """
    with reporting(log) as reporter:
        return asyncio.run(_run_all(settings, reporter))


async def _run_all(settings: Settings, reporter: Reporter) -> Run:
    run, noise = Run(), []
    engine = EngineClient(settings.factory)
    await engine.start()
    engine.send(Open(settings.options, settings.mode, watch=False))
    try:
        async for news in engine.events():
            match news:
                case Noise(text):
                    noise.append(text)
                case Exited():
                    raise gone("engine", news, noise)
                case Progress():
                    reporter.progress(news)
                case Failed(diagnostic):
                    raise problem_of(diagnostic)
                case NotPossible(diagnostic):
                    reporter.progress(Progress(str(diagnostic)))
                case _:
                    run.apply(news)
                    _log(reporter.log, run, news)
            if isinstance(news, Compared):
                reporter.progress(Progress(RUNNING, news.index + 1, len(run.layers)))
            if isinstance(news, Isolated):
                reporter.progress(Progress(ISOLATED, news.index + 1, len(run.layers)))
            if isinstance(news, Explained):
                reporter.progress(Progress(f"{WHY}: {run.layers[news.index].name}"))
            if isinstance(news, Stopped) and news.position < 0:
                reporter.progress(Progress(RUNNING, 0, len(run.layers)))
                engine.send(RunTo(len(run.layers) - 1))
            if isinstance(news, Idle) and run.position == len(run.layers) - 1:
                break
    finally:
        engine.kill()
        await engine.stop()
    return run


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
