"""The engine that runs the same graph once more, compiled or in float64.

It runs beside the first, so that stepping goes on meanwhile. A save makes its answer out of
date and gives up a run that has not finished.
"""

from collections.abc import Callable

from debug.protocol.diagnostic import Diagnostic
from debug.protocol.messages import Event, Failed, Idle, Open, RunTo, Stopped, Working
from debug.protocol.parent_end import EngineClient, Exited, Noise
from tui import words
from tui.dashboard.activity import Activity, Phase
from tui.dashboard.changes import (
    ActivityChanged,
    Change,
    LayersChanged,
    ResultsChanged,
    Said,
)
from tui.dashboard.second_run import RunMode, SecondRun
from tui.dashboard.state import State
from tui.settings import Settings


class SecondEngine:
    """Starts an engine for each question and reports what it answers."""

    def __init__(
        self, settings: Settings, state: State, report: Callable[[Change], None]
    ) -> None:
        self._settings = settings
        self._state = state
        self._report = report
        self._engine: EngineClient | None = None

    async def run(self, run_mode: RunMode) -> None:
        """Runs the whole graph in another mode, from the engine's start to its end."""
        state = self._state
        self._say(f"{run_mode.doing} in the background; the first time takes minutes")
        second_run = state.second_run = SecondRun(run_mode)
        activity = state.second_activity = Activity(Phase.RUNNING, run_mode.doing)
        self._report(LayersChanged())
        engine = self._engine = EngineClient(self._settings.factory)
        try:
            await engine.start()
            options = {**self._settings.options, **run_mode.options}
            engine.send(Open(options, run_mode.mode, watch=False))
            async for news in engine.events():
                if isinstance(news, Noise | Exited):
                    continue
                self._hear(engine, second_run, news)
                if isinstance(news, Failed):
                    break
                if isinstance(news, Idle) and second_run.run.is_complete:
                    break
        finally:
            engine.kill()
            self._engine = state.second_activity = None
        if second_run.run.results and not second_run.run.stale:
            conclusion = second_run.conclusion(state.results)
            self._say(f"{conclusion}, after {words.seconds(activity.elapsed)}", "bold")
        self._report(ResultsChanged())

    def _hear(self, engine: EngineClient, second_run: SecondRun, event: Event) -> None:
        run, run_mode = second_run.run, second_run.run_mode
        run.apply(event)
        match event:
            case Stopped(position=-1):
                engine.send(RunTo(run.last))
            case Stopped():
                self._report(ResultsChanged())
            case Working() if self._state.second_activity is not None:
                job = f"{run_mode.name}: {words.working(event)}"
                self._state.second_activity.what = job
                self._report(ActivityChanged())
            case Failed(diagnostic):
                self._say(f"{run_mode.name}: {diagnostic}", "bold")

    def outdate(self) -> None:
        """After a save: what was found is kept as history, a run under way is given up."""
        if (second_run := self._state.second_run) is not None:
            run_mode = second_run.run_mode
            remedy = f"press {run_mode.key} to run it again"
            note = f"{run_mode.name} from an earlier save; {remedy}"
            second_run.run.stale = Diagnostic("compile", note)
        if self._engine is not None:
            self._engine.kill()

    async def stop(self) -> None:
        if self._engine is not None:
            self._engine.kill()
            await self._engine.stop()

    def _say(self, text: str, style: str = "") -> None:
        self._report(Said(text, style))
