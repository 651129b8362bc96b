"""The dashboard's line to its engines: starting, listening, and what each event means."""

import time

from textual import work
from textual.app import App

from debug.protocol.diagnostic import Diagnostic
from debug.protocol.messages import (
    Command,
    Compared,
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
    RunTo,
    SourceSaved,
    Stopped,
)
from debug.protocol.parent_end import EngineClient, Exited, Noise
from debug.results.run import Run
from debug.results.stepper import Stepper
from tui import words
from tui.dashboard.panes.log import LogPane
from tui.dashboard.panes.status import Activity
from tui.dashboard.screens.operations import OperationsScreen
from tui.dashboard.second_run import RunMode, SecondRun
from tui.settings import Settings


class EngineLink(App[int]):
    """The half of the dashboard that talks to engines; it owns their results."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.log_pane = LogPane()
        self.results = Run()
        """What the interpreter found, or the engine that was asked for."""
        self.second_run: SecondRun | None = None
        """What the graph says that was compiled, or run in float64, once it was asked."""
        self.stepper = Stepper([])
        self.activity = Activity(since=time.monotonic())
        self.following = False
        """Whether the selection goes where the run goes, until it stops."""
        self.problem: Diagnostic | None = None
        """The last thing that went wrong."""
        self.asking: Activity | None = None
        """What the second engine is at, if there is one."""
        self._engine: EngineClient | None = None
        self._second: EngineClient | None = None

    # What the dashboard shows of it; see tui.dashboard.view.

    def show_layers(self) -> None: ...
    def show_row(self, index: int) -> None: ...
    def show_all(self) -> None: ...
    def show_status(self) -> None: ...

    # -- The engine ------------------------------------------------------------------

    def kill_engine(self) -> None:
        if self._engine is not None:
            self._engine.kill()

    async def stop_engines(self) -> None:
        for engine in (self._engine, self._second):
            if engine is not None:
                engine.kill()
                await engine.stop()

    @property
    def engine_alive(self) -> bool:
        return self._engine is not None and self._engine.alive

    def send(self, command: Command) -> None:
        if self._engine is not None:
            self._engine.send(command)

    def begin(self, word: str, what: str = "") -> None:
        """The engine starts something; the clock of the status bar with it."""
        self.activity = Activity(word, what, time.monotonic())
        self.show_status()

    @work(exclusive=True, group="engine", exit_on_error=False)
    async def start_engine(self) -> None:
        """Runs one engine from its start to its end."""
        if self._engine is not None:
            await self._engine.stop()
        self.begin("starting", "starting the engine")
        engine = self._engine = EngineClient(self.settings.factory)
        try:
            await engine.start()
            engine.send(Open(self.settings.options, self.settings.mode))
            async for news in engine.events():
                self._hear(news)
        finally:
            engine.kill()

    def _hear(self, news: Event | Noise | Exited) -> None:
        match news:
            case Noise(text):
                self.log_pane.say(text, "dim")
            case Exited():
                self._engine_died(news)
            case _:
                self.results.apply(news)
                self._react(news)

    def _engine_died(self, exited: Exited) -> None:
        if self.activity.word == "failed":
            return
        message = f"the engine is gone ({exited.cause})"
        self.problem = Diagnostic(
            "engine", f"{message}; the results are kept, R restarts it"
        )
        self.begin("dead", message)
        self.log_pane.say(str(self.problem), "bold")
        self.show_all()

    def _react(self, event: Event) -> None:
        log = self.log_pane
        match event:
            case Opened():
                self.stepper = Stepper(event.layers)
                self.show_layers()
                seconds = words.seconds(event.seconds_reference)
                log.say(f"{event.model}: PyTorch ran in float64 and again, in {seconds}")
            case Progress(what):
                self.begin("loading", what)
                log.say(what)
            case SourceSaved(path):
                self.begin("loading", f"reading {path.rpartition('/')[2]}")
                self._outdate_second_run()
            case Loaded():
                after = f", going on from PyTorch's {words.listed(event.injected)}"
                note = after if event.injected else ""
                log.say(f"generation {event.generation} was built{note}")
                self.begin("running")
                self.show_all()
            case Compared(index=index) | Isolated(index=index) | Explained(index=index):
                self.show_row(index)
            case OutcomeKnown(outcome=outcome):
                for line in words.outcome(outcome):
                    log.say(line)
            case Probed(index=index):
                self.show_row(index)
                if event.chained is None or not event.chained.verdict.healthy:
                    log.say(f"probe {words.probed(event, event.name)}")
            case Idle():
                self._settled()
            case Inspected(index=index):
                name = self.results.layers[index].name
                self.push_screen(OperationsScreen(name, event))
            case NotPossible(diagnostic):
                self.notify(diagnostic.message, markup=False)
            case Stopped():
                self._stopped(event)
            case Failed(diagnostic, fatal):
                self.problem = diagnostic
                self.begin("failed" if fatal else "stopped", str(diagnostic))
                log.say(str(diagnostic), "bold")
                self.show_all()

    def _stopped(self, event: Stopped) -> None:
        self.begin("stopped")
        if event.position >= 0:
            culprit = self.results.culprit()
            name = "none" if culprit is None else self.results.layers[culprit].name
            ran = f"{event.position + 1} of {len(self.results.layers)} layers"
            took = words.seconds(event.seconds)
            self.log_pane.say(f"{ran} in {took}, first wrong: {name}")
        self.show_all()
        self.following = False

    def _settled(self) -> None:
        """Every layer has run alone, too: whose fault it is may be known now."""
        culprit = self.results.culprit()
        if culprit is not None and (blame := words.blame(self.results, culprit)):
            self.log_pane.say(blame)
            if finding := self.results.finding(culprit):
                for reason in words.reasons(finding):
                    self.log_pane.say(f"why: {reason}", "bold")
        self.show_all()

    # -- A second opinion --------------------------------------------------------------

    def _outdate_second_run(self) -> None:
        """A save makes a second opinion history; one under way is given up."""
        if self.second_run is not None:
            run_mode = self.second_run.run_mode
            remedy = f"press {run_mode.key} to run it again"
            note = f"{run_mode.name} from an earlier save; {remedy}"
            self.second_run.run.stale = Diagnostic("compile", note)
        if self._second is not None:
            self._second.kill()

    @work(exclusive=True, group="second", exit_on_error=False)
    async def ask(self, run_mode: RunMode) -> None:
        """Runs the graph in another manner, in an engine of its own, beside the first."""
        self.log_pane.say(f"{run_mode.doing} in the background: minutes the first time")
        second_run = self.second_run = SecondRun(run_mode)
        second = self._second = EngineClient(self.settings.factory)
        asking = self.asking = Activity(run_mode.doing, since=time.monotonic())
        self.show_layers()
        try:
            await second.start()
            options = {**self.settings.options, **run_mode.options}
            second.send(Open(options, run_mode.mode, watch=False))
            async for news in second.events():
                if not isinstance(news, Noise | Exited) and self._heard(
                    second_run.run, news
                ):
                    break
        finally:
            second.kill()
            self._second = self.asking = None
        if second_run.run.results and not second_run.run.stale:
            took = words.seconds(asking.elapsed)
            self.log_pane.say(
                f"{second_run.conclusion(self.results)}, after {took}", "bold"
            )
        self.show_all()

    def _heard(self, run: Run, event: Event) -> bool:
        """Whether the second engine has said all that it can."""
        run.apply(event)
        last = len(run.layers) - 1
        if isinstance(event, Stopped) and event.position < 0 and self._second is not None:
            self._second.send(RunTo(last))
        elif isinstance(event, Stopped):
            self.show_all()
        elif isinstance(event, Failed):
            self.log_pane.say(f"second opinion: {event.diagnostic}", "bold")
            return True
        return isinstance(event, Idle) and run.position == last
