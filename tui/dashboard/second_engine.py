"""The engine that runs the same graph once more, compiled or in float64.

It runs beside the first, so that stepping goes on meanwhile. A save or a restart makes its
answer out of date and gives up a run that has not finished: that is said, its column goes.
"""

from collections.abc import Callable

from debug.protocol.diagnostic import Diagnostic
from debug.protocol.messages import (
    Event,
    Failed,
    Idle,
    Loaded,
    Open,
    Progress,
    RunTo,
    Stopped,
    Working,
)
from debug.protocol.parent_end import EngineClient, Exited, Noise
from tui import words
from tui.dashboard.activity import Activity, Phase
from tui.dashboard.changes import (
    ActivityChanged,
    Change,
    LayersChanged,
    Refused,
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
        self.settings = settings
        """What the first engine was started with."""
        self._state = state
        self._report = report
        self.engine: EngineClient | None = None

    async def run(self, run_mode: RunMode) -> None:
        """Runs the whole graph in another mode, from the engine's start to its end."""
        state = self._state
        self._say(f"{run_mode.doing} in the background; the first time takes minutes")
        second_run = state.second_run = SecondRun(run_mode)
        activity = state.second_activity = Activity(Phase.RUNNING, run_mode.doing)
        self._report(LayersChanged())
        engine = self.engine = EngineClient(self.settings.factory)
        try:
            await engine.start()
            options = {**self.settings.options, **run_mode.options}
            engine.send(Open(options, run_mode.mode, watch=False))
            async for news in engine.events():
                if isinstance(news, Noise):
                    continue
                if isinstance(news, Exited):
                    self._gone(second_run, news)
                    break
                self._hear(engine, second_run, news)
                if isinstance(news, Failed):
                    break
                if isinstance(news, Idle) and second_run.run.is_complete:
                    break
        finally:
            engine.kill()
            self.engine = state.second_activity = None
        if state.second_run is second_run and not second_run.run.stale:
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
            case Working():
                self._doing(f"{run_mode.name}: {words.working(event)}")
            case Progress(what):
                self._doing(f"{run_mode.name}: {what}")
            case Loaded():
                self._doing(run_mode.doing)
            case Failed(diagnostic):
                message = f"{run_mode.name}: {diagnostic}"
                self._give_up(message, keep=bool(run.results))

    def _doing(self, what: str) -> None:
        if self._state.second_activity is not None:
            self._state.second_activity.what = what
            self._report(ActivityChanged())

    def outdate(self, why: str) -> None:
        """What was found is kept as history, a run under way is given up.

        Args:
            why: what has happened, as a sentence.
        """
        if (second_run := self._state.second_run) is None:
            return
        run_mode = second_run.run_mode
        again = f"press {self._state.keyboard.of(run_mode.command)} to run it again"
        if self.engine is None:
            note = f"{run_mode.name} is from before {why}; {again}"
            second_run.run.stale = Diagnostic("second", note)
        else:
            message = f"{run_mode.name} was stopped: {why}; {again}"
            self._give_up(message)
            self.engine.kill()

    def forget(self, why: str) -> None:
        """What was found is of other things than run now."""
        self.outdate(why)
        self._state.second_run = None

    def _gone(self, second_run: SecondRun, exited: Exited) -> None:
        """Its engine has ended; unless it was told to, somebody waits for an answer."""
        if self._state.second_run is second_run:
            run_mode = second_run.run_mode
            cause = f"its engine is gone ({exited.cause})"
            again = f"press {self._state.keyboard.of(run_mode.command)} to run it again"
            self._give_up(f"{run_mode.name}: {cause}; {again}")

    def _give_up(self, message: str, keep: bool = False) -> None:
        """Says why there is no answer, and takes the column away unless it is kept."""
        self._say(message, "bold")
        self._report(Refused(Diagnostic("second", message)))
        if not keep:
            self._state.second_run = None
            self._report(LayersChanged())

    async def stop(self) -> None:
        self._state.second_run = None  # nobody waits for its answer any more
        if self.engine is not None:
            self.engine.kill()
            await self.engine.stop()

    def _say(self, text: str, style: str = "") -> None:
        self._report(Said(text, style))
