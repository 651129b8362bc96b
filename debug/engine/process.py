"""The child process that owns torch and MAX: commands on stdin, events on stdout.

Started as ``python -m debug.engine package.module:factory``. It ends when its stdin does,
so that no engine outlives its screen.

One thing is done at a time, in one thread; two others only put work into a queue, the
reader of commands and the watch on source files. Between any two layers, and between any
two pieces of idle work, the queue is looked at. So a key or a save waits for one layer at
the most, and no state is shared. Whatever raises becomes an event: the engine goes on.
"""

import os
import queue
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NoReturn

from debug.engine.folder_watch import FolderWatch
from debug.engine.wake_seldom import wake_seldom
from debug.memory import SLACK, give_back
from debug.protocol.child_end import lines_until_gone, private_stdout
from debug.protocol.diagnostic import Diagnostic, Problem, blame, from_exception
from debug.protocol.messages import (
    Abort,
    Command,
    Dump,
    Failed,
    Idle,
    Inject,
    Inspect,
    Message,
    NotPossible,
    Open,
    RunAgain,
    RunTo,
    SourceSaved,
    decode_command,
    encode,
)
from debug.protocol.survey import Excerpt, Locate, MapError, Sketch, Survey
from debug.protocol.weights import CompareWeights

if TYPE_CHECKING:
    from debug.engine.session import Session
    from debug.engine.surroundings import Surroundings

NICENESS = 5
"""On two cores the screen must not wait for the engine."""

Work = Command | SourceSaved


class Engine:
    """Does one thing at a time, and looks for news between any two layers."""

    def __init__(self, factory: str, commands: BinaryIO, events: BinaryIO) -> None:
        self._factory = factory
        self._commands = commands
        self._events = events
        self._work: queue.Queue[Work] = queue.Queue()
        self._watch = FolderWatch(lambda path: self._work.put(SourceSaved(path)))
        self._target = -1
        """Run up to this layer; -1 when there is nothing to do."""
        self._wanted = -1
        """How far the person has asked for: a reload runs that far again."""
        self._started = time.perf_counter()
        self.session: Session | None = None
        self._surroundings: Surroundings | None = None
        """The process as it was before a source ran in it."""
        self._refused: Open | None = None
        """What could not be opened for a fault in a source file: a save may mend it."""

    def emit(self, message: Message) -> None:
        self._events.write(encode(message))

    def run(self) -> NoReturn:
        """Works until the screen closes stdin, which ends the process."""
        threading.Thread(target=self._read_commands, daemon=True).start()
        while True:
            action = self._next
            try:
                work = self._work.get(block=action is None)
            except queue.Empty:
                assert action is not None
                self._guarded(action)
                continue
            self._guarded(self._handle, work)

    @property
    def _next(self) -> Callable[[], None] | None:
        """What there is to do while nobody asks for anything."""
        if self.session is None:
            return None
        if self.session.position < self._target:
            return self._advance
        return None if self.session.settled else self._go_on

    def _read_commands(self) -> None:
        for line in lines_until_gone(self._commands):
            self._work.put(decode_command(line))

    def _guarded(self, action: Callable[..., None], *arguments: Work) -> None:
        """Turns whatever goes wrong into an event; the engine goes on."""
        try:
            action(*arguments)
        except BaseException as error:  # no Ctrl-C: a source raises what it likes
            self._failed(error)

    def _failed(self, error: BaseException) -> None:
        self._target = -1
        files = [str(path) for path in self.session.attempted] if self.session else []
        kind = "internal" if blame(error, files) is None else "graph"
        diagnostic = from_exception(kind, error, files)
        self.emit(Failed(diagnostic, fatal=self.session is None))

    def _handle(self, work: Command | SourceSaved) -> None:
        match work:
            case Open():
                self._open(work)
            case RunTo(index) if self.session:
                self._begin(index)
            case RunAgain(index) if self.session:
                self._reload(index)
            case Inject(index) if self.session:
                if self._allowed(self.session.inject, index):  # what comes after it changes
                    self._reload(self._wanted)
            case Inspect(index) if self.session:
                self._allowed(self.session.inspect, index)
            case Dump(index, folder) if self.session:
                self._allowed(partial(self.session.dump, folder=folder), index)
            case Locate() | Survey() | Excerpt() | MapError() | Sketch() if (
                session := self.session
            ):
                self._allowed(lambda _: session.look(work), work.index)
            case CompareWeights(begin) if self.session:
                self._allowed(self.session.compare_weights, begin)
            case Abort() if self.session:
                self._target = -1
                self._stop()
            case SourceSaved() if self.session is None and self._refused:
                self.emit(work)
                self._open(self._refused)
            case SourceSaved() if self.session and (path := self.session.source_changed()):
                self.emit(SourceSaved(path))
                self._reload(self._wanted)

    def _open(self, command: Open) -> None:
        self._started = time.perf_counter()
        try:
            session = self._start_session(command)
        except Problem as problem:
            self._await_mending(command, problem.diagnostic)
            raise
        self.session, self._refused = session, None
        self._remember_surroundings()
        session.pause_with(self._pause)
        if command.watch:
            self._watch.folders([session.subject.graph.parent])
        try:
            session.load()
        finally:
            self._watch_sources(command.watch)
        self._stop()

    def _remember_surroundings(self) -> None:
        from debug.engine.surroundings import Surroundings  # torch

        self._surroundings = Surroundings()

    def _await_mending(self, command: Open, diagnostic: Diagnostic) -> None:
        """A port's file may be broken when it is opened: the next save is tried, too."""
        if command.watch and diagnostic.path is not None:
            self._refused = command
            self._watch.folders([Path(diagnostic.path).parent])

    def _start_session(self, command: Open) -> "Session":
        try:
            from debug.engine.session import Session  # torch and MAX, which take seconds
        except ImportError as error:
            message = f"torch or MAX is not what it should be ({error}): make install"
            raise Problem("installation", message) from error
        return Session.open(self._factory, command, self.emit)

    def _reload(self, index: int) -> None:
        assert self.session is not None
        self._started = time.perf_counter()
        self._target = -1
        self._wanted = index
        for changed in self._surroundings.put_back() if self._surroundings else ():
            print(f"the source has changed {changed}: that is undone", file=sys.stderr)
        try:
            self.session.load()
        finally:
            self._watch_sources(self._watch.active)
        self._begin(index, self._started)

    def _watch_sources(self, wanted: bool) -> None:
        """Watches where the candidate's files are now; an edit may import more."""
        assert self.session is not None
        if wanted:
            self._watch.folders({path.parent for path in self.session.attempted})

    def _begin(self, index: int, started: float | None = None) -> None:
        assert self.session is not None
        self._started = started or time.perf_counter()
        if self.session.generation == 0:
            raise Problem("graph", "there is no good candidate yet; mend its source first")
        self._target = min(index, len(self.session.names) - 1)
        self._wanted = self._target
        if self.session.position >= self._target:
            self._stop()

    def _advance(self) -> None:
        assert self.session is not None
        try:
            self.session.advance()
        except Exception as error:
            self._failed(error)
            self._settle()  # else nobody says that the layers before it are done
            return
        give_back()
        if self.session.position >= self._target:
            self._stop()

    def _go_on(self) -> None:
        assert self.session is not None
        self.session.go_on()
        give_back(0 if self.session.settled else SLACK)  # nobody waits for an idle engine
        self._settle()

    def _stop(self) -> None:
        assert self.session is not None
        self.emit(self.session.stopped(time.perf_counter() - self._started))
        self._settle()

    def _pause(self) -> None:
        """A save or a key is not kept waiting by what explains the last run. Called often,
        so that memory is looked after here, too."""
        give_back()
        if not self._work.empty():
            from debug.pause import Interrupted

            raise Interrupted

    def _allowed(self, action: Callable[[int], None], index: int) -> bool:
        """What can't be done to a layer is no reason to call the run bad."""
        try:
            action(index)
        except Problem as problem:
            self.emit(NotPossible(problem.diagnostic))
            return False
        return True

    def _settle(self) -> None:
        assert self.session is not None
        if self.session.settled:
            self.emit(Idle(self.session.generation))


def main() -> NoReturn:
    os.nice(NICENESS)
    wake_seldom()  # before MAX has threads
    events = private_stdout()
    Engine(sys.argv[1], sys.stdin.buffer, events).run()
