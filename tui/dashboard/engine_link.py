"""The dashboard's line to its engine: what it is told to do, and what its answers mean.

The link owns the engine process and the `State`. It knows no widget: it reports each change
to one callable, so that a test can listen in the screen's place.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from debug.protocol.diagnostic import DUMP, Diagnostic, Problem, first_line, whole
from debug.protocol.messages import (
    LONGEST_SECONDS,
    OWN_CODE_SECONDS,
    Abort,
    Aligned,
    Command,
    Compared,
    Dump,
    Dumped,
    Event,
    Explained,
    Failed,
    Idle,
    Inspected,
    Isolated,
    Loaded,
    NotPossible,
    Open,
    Opened,
    OutcomeKnown,
    Probed,
    Progress,
    Reading,
    RunAgain,
    RunTo,
    SourceSaved,
    Spoiled,
    Stopped,
    Working,
)
from debug.protocol.parent_end import EngineClient, Exited, Noise
from debug.protocol.survey import ErrorMapped, Excerpted, Surveyed
from debug.results.stepper import Stepper
from debug.results.why import why
from tui import words
from tui.dashboard.activity import Activity, Phase
from tui.dashboard.changes import (
    ActivityChanged,
    Answered,
    Change,
    LayersChanged,
    OperationsKnown,
    Refused,
    ResultsChanged,
    RowChanged,
    Said,
    Written,
)
from tui.dashboard.endings import Endings, Successor
from tui.dashboard.files import LayerFiles, refuse_layer, write_page
from tui.dashboard.second_engine import SecondEngine
from tui.dashboard.state import State
from tui.settings import Settings

STOPPED_SECONDS = 2.0
"""A clock that nobody has looked at for so long: this process did not run."""


class EngineLink:
    """Owns the engines and what they have found."""

    def __init__(self, settings: Settings, report: Callable[[Change], None]) -> None:
        self._settings = settings
        self._report = report
        self.state = State()
        self.second = SecondEngine(settings, self.state, report)
        self._files = LayerFiles()
        self._engine: EngineClient | None = None
        self._endings = Endings()
        self._successor = Successor.NONE
        self._hung = False
        """Whether the engine is being ended because it hangs."""
        self._spoiled: list[str] = []
        self._looked = time.monotonic()
        """When the clock was looked at last."""
        self._wanted = -1
        """The layer that was asked for last: a restarted engine runs that far again."""
        self._resuming = not settings.paused
        """Whether an engine has yet to be sent there, or as far as it can go."""

    # -- What it is told to do -------------------------------------------------------

    async def run(self) -> None:
        """Runs an engine, and those that follow it where it ends by itself
        (`tui.dashboard.endings`)."""
        self._successor = Successor.ANEW
        while self._successor is not Successor.NONE:
            waits = self._successor is Successor.WAITING
            self._successor = Successor.NONE
            await self._run_one(waits)

    async def _run_one(self, waits: bool) -> None:
        """One engine from its start to its end. In the place of an earlier one, it brings
        back what that had: it runs as far, so that a save does what it did."""
        if self._engine is not None:
            self._resuming = self._wanted >= 0 or not self._settings.paused
            self.second.outdate("the engine was restarted")
            await self._engine.stop()
        if not waits:
            self._begin(Phase.STARTING, "starting the engine")
        self._hung, self._spoiled = False, []
        engine = self._engine = EngineClient(self._settings.factory)
        settings, known = self._settings, self._endings.files
        try:
            await engine.start()
            engine.send(Open(settings.options, settings.mode, known=known, wait=waits))
            async for news in engine.events():
                self._hear(news)
        except Exception as error:  # a spinner that nobody ends would tell nothing
            message = f"what the engine said can't be shown: {first_line(error)}"
            self._lost(message, whole(error))
        finally:
            engine.kill()
            self._files.drop()

    @property
    def alive(self) -> bool:
        """Whether there is an engine that executes the source."""
        waits = self.state.activity.phase is Phase.WAITING
        return self._engine is not None and self._engine.alive and not waits

    def send(self, command: Command) -> None:
        if self._engine is not None:
            self._engine.send(command)

    def run_to(self, index: int) -> None:
        self.state.following = self.state.chosen = True
        self._run_to(index)

    def _run_to(self, index: int) -> None:
        self._wanted, self._resuming = index, False
        self._begin(Phase.RUNNING, limit=OWN_CODE_SECONDS)
        self.send(RunTo(index))

    def run_again(self) -> None:
        """Reloads the source and runs it up to the layer that it has reached."""
        self._begin(Phase.LOADING, "reading the source", limit=OWN_CODE_SECONDS)
        self.send(RunAgain(self.state.results.position))

    def write_page(self) -> None:
        """
        Raises:
            Problem: nothing has run, or the page can't be written.
        """
        options, now = self._settings.options, datetime.now()
        self._written(write_page(self.state.results, options, now))

    def dump(self, index: int) -> None:
        """Has both sides of a layer written.

        Raises:
            Problem: it has no values, nobody can write them, or others are being written.
        """
        results = self.state.results
        refuse_layer(results, index)
        if not self.alive:
            raise Problem(DUMP, "the engine is gone: press R to restart it")
        self.send(Dump(index, self._files.begin(results.layers[index].name)))

    def abort(self) -> None:
        """Asks first; an engine that is deep in native code can only be killed."""
        activity = self.state.activity
        if activity.left is not None or activity.phase is not Phase.RUNNING:
            self._end_hung()
        else:
            self._resuming = False
            self._begin(Phase.STOPPING, "stopping; a again ends the engine")
            self.state.activity.heard = activity.heard
            self.send(Abort())

    def watch_clock(self) -> None:
        """Ends an engine that has said nothing for too long; to be called often. While this
        process was stopped itself, nobody listened."""
        now, before = time.monotonic(), self._looked
        self._looked = now
        if now - before > STOPPED_SECONDS:
            self.state.activity.heard += now - before
        if self.state.activity.left == 0:
            self._end_hung()

    def _end_hung(self) -> None:
        if self._engine is not None and not self._hung:
            self._hung = True
            self._ending = asyncio.create_task(self._engine.stop_short())

    def kill(self) -> None:
        """Ends every engine at once. From any thread."""
        for each in (self._engine, self.second.engine):
            if each is not None:
                each.kill()

    async def stop(self) -> None:
        """Ends every engine."""
        if self._engine is not None:
            self._engine.kill()
            await self._engine.stop()
        await self.second.stop()

    # -- What its answers mean -------------------------------------------------------

    def _begin(
        self, phase: Phase, what: str = "", hint: str = "", limit: float = LONGEST_SECONDS
    ) -> None:
        """The engine's next phase; the clocks of the status bar start with it."""
        self.state.activity = Activity(phase, what, hint, limit)
        self.state.job = None
        self._report(ActivityChanged())

    def _say(self, text: str, style: str = "") -> None:
        self._report(Said(text, style))

    def _hear(self, news: Event | Noise | Exited) -> None:
        if not isinstance(news, Noise | Exited):
            self.state.activity.heard = time.monotonic()
        match news:
            case Noise(text):
                self._endings.printed(text)
                self._say(text, "dim")
            case Exited():
                self._died(news)
            case _:
                self.state.results.apply(news)
                self._react(news)

    def _react(self, event: Event) -> None:
        match event:
            case Opened():
                self._opened(event)
            case Progress(what) if self.state.job is not None:  # within idle work
                self._say(what)
            case Progress(what, hint=hint, limit=limit):
                self._begin(Phase.LOADING, what, hint, limit)
                self._say(what)
            case Reading(files):
                self._endings.reading(files)
                self.state.activity.limit = OWN_CODE_SECONDS
            case Spoiled(what):
                self._spoiled = what
            case SourceSaved(path):
                name = path.rpartition("/")[2]
                self._begin(Phase.LOADING, f"reading {name}", limit=OWN_CODE_SECONDS)
                self.second.outdate("the source was saved")
            case Loaded():
                self._loaded(event)
            case Aligned():
                for doubt in event.doubts:
                    self._say(doubt, "bold red")
            case Compared(index=index) | Isolated(index=index) | Explained(index=index):
                self._report(RowChanged(index))
            case Probed():
                self._probed(event)
            case OutcomeKnown(outcome=outcome):
                for line in words.outcome(outcome):
                    self._say(line)
            case Working():
                self.state.job = event
                self._report(ActivityChanged())
            case Idle():
                self._settled()
            case Inspected(index=index):
                self._inspected(index, event)
            case Surveyed() | Excerpted() | ErrorMapped():
                self._report(Answered(event))
            case Dumped():
                self._dumped()
            case NotPossible(diagnostic):
                if diagnostic.kind == DUMP:
                    self._files.drop()
                self._report(Refused(diagnostic))
            case Stopped():
                self._stopped(event)
            case Failed():
                self._failed(event)

    def _opened(self, event: Opened) -> None:
        self.state.stepper = Stepper(event.layers)
        self._report(LayersChanged())
        seconds = words.seconds(event.seconds_reference)
        self._say(f"{event.model}: PyTorch's reference values took {seconds}")
        for warning in event.warnings:
            self._say(warning, "bold")

    def _loaded(self, event: Loaded) -> None:
        replaced = f", {words.listed(event.injected)} replaced by PyTorch's"
        note = replaced if event.injected else ""
        self._say(f"generation {event.generation} was built{note}")
        self._begin(Phase.RUNNING, limit=OWN_CODE_SECONDS)
        self._report(ResultsChanged())

    def _inspected(self, index: int, event: Inspected) -> None:
        results = self.state.results
        others = [results.layers[i].name for i in results.faults() if i != index]
        self._report(OperationsKnown(results.layers[index], event, others))

    def _dumped(self) -> None:
        try:
            path = self._files.keep()
        except Problem as problem:
            self._report(Refused(problem.diagnostic))
            return
        if path is not None:
            self._written(path)

    def _written(self, path: Path) -> None:
        self._say(f"{path} is written")
        self._report(Written(path))

    def _probed(self, event: Probed) -> None:
        self._report(RowChanged(event.index))
        if event.chained is None or not event.chained.verdict.healthy:
            self._say(f"probe {words.probed(event, event.name)}")

    def _stopped(self, event: Stopped) -> None:
        self._begin(Phase.STOPPED)
        results = self.state.results
        if event.position >= 0:
            culprit = results.culprit()
            name = "none" if culprit is None else results.layers[culprit].name
            ran = f"{event.position + 1} of {len(results.layers)} layers"
            self._say(
                f"{ran} in {words.seconds(event.seconds)}, first difference so far: {name}"
            )
        self._report(ResultsChanged())
        self.state.following = False
        if self._resuming and results.layers:
            end = self.state.stepper.resume(-1, self.state.breakpoints)
            self._run_to(self._wanted if self._wanted >= 0 else end)

    def _settled(self) -> None:
        """Every layer has run in isolation, too: which one is at fault may be known now."""
        self._endings.settled()
        self.state.job = None
        results = self.state.results
        culprit = results.culprit()
        if culprit is not None and (blame := words.blame(results, culprit)):
            self._say(blame)
            for reason in why(results, culprit):
                self._say(f"why: {reason}", "bold")
        self._report(ResultsChanged())

    def _failed(self, event: Failed) -> None:
        self._files.drop()
        self.state.problem = event.diagnostic
        message = str(event.diagnostic)
        self._begin(Phase.FAILED if event.fatal else Phase.STOPPED, message)
        self._say(message, "bold")
        self._report(ResultsChanged())

    def _died(self, exited: Exited) -> None:
        activity = self.state.activity
        if activity.phase is Phase.FAILED:
            return  # it has said why itself
        if activity.phase is Phase.WAITING:
            self._lost(f"the engine is gone ({exited.cause})")
            return
        if self._hung:
            self._successor, problem = self._endings.stopped(activity.silent)
        else:
            self._successor, problem = self._endings.ended(exited.cause, self._spoiled)
        if self._successor is Successor.NONE:
            self._lost(problem.message)
            return
        self.state.problem = self.state.results.stale = problem
        if self._successor is Successor.WAITING:
            self._begin(Phase.WAITING)
        self._say(str(problem), "bold")
        self._report(ResultsChanged())

    def _lost(self, message: str, detail: str = "") -> None:
        """There is no engine any more that anybody hears."""
        self._wanted = self.state.results.position  # what comes next may have killed it
        said = f"{message}; the results are kept, R restarts it"
        self.state.problem = problem = Diagnostic("engine", said, detail=detail)
        self._begin(Phase.DEAD, message)
        self._say(str(problem), "bold")
        self._report(ResultsChanged())
