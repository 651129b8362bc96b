"""The dashboard's line to its engine: what it is told to do, and what its answers mean.

The link owns the engine process and the `State`. It knows no widget: it reports each change
to one callable, so that a test can listen in the screen's place.
"""

import asyncio
import sys
import time
from collections.abc import Callable
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
from debug.protocol.survey import ErrorMapped, Excerpted, Located, Sketched, Surveyed
from debug.protocol.values import Tolerance
from debug.protocol.weights import WeightsCompared
from debug.results.stepper import Stepper
from debug.results.why import why
from tui import words
from tui.dashboard.activity import GONE, Activity, Phase
from tui.dashboard.changes import (
    ActivityChanged,
    Answered,
    Change,
    LayersChanged,
    Refused,
    ResultsChanged,
    RowChanged,
    Said,
    Written,
)
from tui.dashboard.controls import difference
from tui.dashboard.endings import Endings, Successor
from tui.dashboard.files import LayerFiles, refuse_layer
from tui.dashboard.keys import Keyboard
from tui.dashboard.second_engine import SecondEngine
from tui.dashboard.state import State
from tui.dashboard.unread import Unread
from tui.settings import Settings

TO_THE_END = sys.maxsize
"""Of a layer to run to, whatever layers there will be."""


class EngineLink:
    """Owns the engines and what they have found."""

    def __init__(
        self,
        settings: Settings,
        report: Callable[[Change], None],
        tolerance: Tolerance | None = None,
        keyboard: Keyboard | None = None,
    ) -> None:
        """
        Args:
            settings: what the engine is started with.
            report: is told what has changed.
            tolerance: the person's own, if there is one.
            keyboard: the person's keys, if they are not the usual.
        """
        self._tolerance = tolerance
        self.settings = settings
        """What the engine is started with."""
        self._report = report
        self.state = State(keyboard=keyboard or Keyboard())
        self.state.history.options = settings.options
        self.second = SecondEngine(settings, self.state, report)
        self._files, self._unread = LayerFiles(), Unread()
        self._engine: EngineClient | None = None
        self._endings = Endings(self.state.keyboard.of("restart"))
        self._successor = Successor.NONE
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
            self._resuming = self._wanted >= 0 or not self.settings.paused
            self.second.outdate("the engine was restarted")
            await self._engine.stop()
        if not waits:
            self._begin(Phase.STARTING, "starting the engine")
        self._endings.begun()
        engine = self._engine = EngineClient(self.settings.factory)
        of = self.settings
        known, tolerance = self._endings.files, self._tolerance
        opening = Open(of.options, of.mode, tolerance=tolerance, known=known, wait=waits)
        try:
            await engine.start()
            engine.send(opening)
            async for news in engine.events():
                self._hear(news)
        except Exception as error:  # a spinner that nobody ends would tell nothing
            message = f"what the engine said can't be shown: {first_line(error)}"
            self._lost(message, whole(error))
        finally:
            engine.kill()
            self._files.drop()

    def change(self, settings: Settings) -> None:
        """The next `run` is of these. What was found of others is no measure for it, and
        where they have other layers it goes as far as it can."""
        complete = self.state.results.is_complete
        self._say(f"what runs: {difference(self.settings, settings)}", "bold")
        self.settings = self.second.settings = settings
        self._endings = Endings(self.state.keyboard.of("restart"))
        self.state.history.options = settings.options
        self.second.forget("other things run now")
        self.state.results.forget()
        if complete:
            self._wanted = TO_THE_END
        self._report(LayersChanged())

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

    def dump(self, index: int) -> None:
        """Has both sides of a layer written.

        Raises:
            Problem: it has no values, nobody can write them, or others are being written.
        """
        results = self.state.results
        refuse_layer(results, index, self.state.keyboard)
        if not self.alive:
            raise Problem(DUMP, self.state.keyboard.told(GONE))
        self.send(Dump(index, self._files.begin(results.layers[index].name)))

    def abort(self) -> None:
        """Asks first; an engine that is deep in native code can only be killed."""
        activity = self.state.activity
        if activity.left is not None or activity.phase is not Phase.RUNNING:
            self._end_hung()
        else:
            self._resuming = False
            again = self.state.keyboard.of("abort")
            self._begin(Phase.STOPPING, f"stopping; {again} again ends the engine")
            self.state.activity.heard = activity.heard
            self.send(Abort())

    def watch_clock(self) -> None:
        """Ends an engine that has said nothing for too long; to be called often."""
        self.state.activity.look()
        unread, self.state.unread = self.state.unread, self._unread.look(self.state.history)
        if self.state.unread != unread:
            self._report(ActivityChanged())
        if self.state.activity.left == 0:
            self._end_hung()

    def _end_hung(self) -> None:
        if self._engine is not None and not self._endings.hung:
            self._endings.hung = True
            self._ending = asyncio.create_task(self._engine.stop_short())

    def kill(self) -> None:
        """Ends every engine at once. From any thread."""
        for each in filter(None, (self._engine, self.second.engine)):
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
            case Noise(text, among_messages):
                self._endings.printed(text, among_messages)
                self._say(text, "dim")
            case Exited():
                self._died(news)
            case _:
                self.state.history.hear(news, self.state.results)
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
                self._endings.spoiled = what
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
            case Located() | Surveyed() | Excerpted() | ErrorMapped() | Sketched():
                self._report(Answered(event))
            case Inspected() | WeightsCompared():
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

    def _dumped(self) -> None:
        try:
            path = self._files.keep()
        except Problem as problem:
            self._report(Refused(problem.diagnostic))
            return
        if path is not None:
            self.written(path)

    def written(self, path: Path) -> None:
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
            self._say(words.ran(results, event.position, event.seconds))
        self._report(ResultsChanged())
        self.state.following = False
        if self._resuming and results.layers:
            end = self.state.stepper.resume(-1, self.state.breakpoints)
            self._run_to(min(self._wanted, results.last) if self._wanted >= 0 else end)

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
        self.state.trouble(event.diagnostic)
        message = str(event.diagnostic)
        self._begin(Phase.FAILED if event.fatal else Phase.STOPPED, message)
        self._say(message, "bold")
        self._report(ResultsChanged())

    def _died(self, exited: Exited) -> None:
        phase, silent = self.state.activity.phase, self.state.activity.silent
        if phase is Phase.FAILED:
            return  # it has said why itself
        ended = self._endings.ended(exited.cause, silent, phase is Phase.WAITING)
        self._successor, problem = ended
        if self._successor is Successor.NONE:
            self._lost(problem.message)
            return
        self.state.results.stale = problem
        self.state.trouble(problem)
        if self._successor is Successor.WAITING:
            self._begin(Phase.WAITING)
        self._say(str(problem), "bold")
        self._report(ResultsChanged())

    def _lost(self, message: str, detail: str = "") -> None:
        """There is no engine any more that anybody hears."""
        self._wanted = self.state.results.position  # what comes next may have killed it
        again = self.state.keyboard.of("restart")
        said = f"{message}; the results are kept, {again} restarts it"
        problem = Diagnostic("engine", said, detail=detail)
        self.state.trouble(problem)
        self._begin(Phase.DEAD, message)
        self._say(str(problem), "bold")
        self._report(ResultsChanged())
