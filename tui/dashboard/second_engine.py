"""The engine that runs the same graph once more, compiled or in float64.

It runs beside the first, so that stepping goes on meanwhile. A save or a restart makes its
answer out of date and gives up a run that has not finished: that is said, its column goes.

A save may be confirmed by the compiled graph without being asked for: as soon as the first
engine has nothing left to do, in a process that runs only while nobody else wants the
processor. What a person asks for takes its place, and the next save ends it. It is heard of
in one line, and has a column only where the compiled graph is wrong.
"""

import asyncio
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
from debug.protocol.values import Mode
from tui import words
from tui.dashboard.activity import Activity, Phase
from tui.dashboard.changes import (
    ActivityChanged,
    Change,
    LayersChanged,
    Noted,
    Refused,
    ResultsChanged,
    Said,
)
from tui.dashboard.second_run import CONFIRMING, RunMode, SecondRun
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
        self.confirms = False
        """Whether a person wants each save to be confirmed."""
        self.aside: SecondRun | None = None
        """A run under way that nobody has asked for."""
        self._confirmed = 1
        """The generation that was confirmed last; the first is of no save."""

    def confirm(self) -> None:
        """The first engine has said all of a run. Once a save, if that is wanted."""
        run = self._state.results
        is_new = run.generation not in (0, self._confirmed) and run.stale is None
        if not is_new or not run.is_complete or self.settings.mode is Mode.COMPILE:
            return
        self._confirmed = run.generation
        if self.confirms and run.generation > 1 and self.engine is None:
            self._confirming = asyncio.create_task(self.run(CONFIRMING))

    async def run(self, run_mode: RunMode) -> None:
        """Runs the whole graph in another mode, from the engine's start to its end."""
        state = self._state
        self._end_aside()
        second_run = SecondRun(run_mode)
        if run_mode.aside:
            self.aside = second_run
        else:
            self._say(f"{run_mode.doing} in the background; the first time takes minutes")
            state.second_run = second_run
        activity = state.second_activity = Activity(Phase.RUNNING, run_mode.doing)
        self._report(ActivityChanged() if run_mode.aside else LayersChanged())
        engine = self.engine = EngineClient(self.settings.factory, run_mode.aside)
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
            if self.engine is engine:
                self.engine = state.second_activity = None
        if not second_run.run.stale:
            self._conclude(second_run, activity)
        self._report(ResultsChanged())

    def _conclude(self, second_run: SecondRun, activity: Activity) -> None:
        """Says what came of a run, unless nobody waits for it any more."""
        took = f"after {words.seconds(activity.elapsed)}"
        if self._state.second_run is second_run:
            conclusion = second_run.conclusion(self._state.results)
            self._say(f"{conclusion}, {took}", "bold")
        elif self.aside is second_run:
            self.aside = None
            conclusion = second_run.conclusion(self._state.results)
            self._say(f"{conclusion}, {took}")
            self._report(Noted(conclusion))
            if not second_run.run.verdict().healthy:
                self._state.second_run = second_run
                self._report(LayersChanged())

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
        self._end_aside()
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

    def _end_aside(self) -> None:
        """Nobody waits for a run that nobody has asked for."""
        if self.aside is not None and self.engine is not None:
            self.engine.kill()
            self.engine = self._state.second_activity = None
        self.aside = None

    def forget(self, why: str) -> None:
        """What was found is of other things than run now."""
        self.outdate(why)
        self._state.second_run = None

    def _gone(self, second_run: SecondRun, exited: Exited) -> None:
        """Its engine has ended; unless it was told to, somebody waits for an answer."""
        run_mode = second_run.run_mode
        if second_run is self._state.second_run or second_run is self.aside:
            cause = f"its engine is gone ({exited.cause})"
            again = f"press {self._state.keyboard.of(run_mode.command)} to run it again"
            self._give_up(f"{run_mode.name}: {cause}; {again}")

    def _give_up(self, message: str, keep: bool = False) -> None:
        """Says why there is no answer, and takes the column away unless it is kept."""
        self._say(message, "bold")
        self._report(Refused(Diagnostic("second", message)))
        self.aside = None
        if not keep:
            self._state.second_run = None
            self._report(LayersChanged())

    async def stop(self) -> None:
        self.aside = self._state.second_run = None  # nobody waits for its answer any more
        if self.engine is not None:
            self.engine.kill()
            await self.engine.stop()

    def _say(self, text: str, style: str = "") -> None:
        self._report(Said(text, style))
