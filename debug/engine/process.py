"""The child process that owns torch and MAX: commands on stdin, events on stdout.

Started as ``python -m debug.engine package.module:factory``, with ``--aside`` where nobody
waits for it. It ends when its stdin does,
so that no engine outlives its screen.

One thing is done at a time, in one thread; two others only put work into a queue, the
reader of commands and the watch on source files. Between any two layers, and between any
two pieces of idle work, the queue is looked at. So a key or a save waits for one layer at
the most, and no state is shared. Whatever raises becomes an event: the engine goes on.

What a source does to the process itself is undone when it has run. Where that can't be,
the engine says so and ends: the screen starts another (`debug.engine.surroundings`).
"""

import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from contextvars import copy_context
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, NoReturn, TypeVar

from msgspec import structs

from debug.candidate import libraries
from debug.candidate.source import changed_since, tell_before_executing
from debug.engine import garbage
from debug.engine.folder_watch import FolderWatch
from debug.engine.last_words import LastWords
from debug.engine.priority import ASIDE, make_way
from debug.engine.wake_seldom import wake_seldom
from debug.memory import SLACK, give_back
from debug.protocol.child_end import (
    PIPE_CLOSED,
    lines_until_gone,
    private_stdin,
    private_stdout,
)
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
    Reading,
    RunAgain,
    RunTo,
    SourceSaved,
    Spoiled,
    decode_command,
    encode,
)
from debug.protocol.survey import Excerpt, Locate, MapError, Sketch, Survey
from debug.protocol.weights import CompareWeights

if TYPE_CHECKING:
    from debug.engine.session import Session
    from debug.engine.surroundings import Surroundings

SPOILED = 3
"""The exit status of an engine that can't go on in this process."""
LOOK_SECONDS = 0.25
"""Between two looks at the process while a source is executed."""

T = TypeVar("T")
Work = Command | SourceSaved


class Engine:
    """Does one thing at a time, and looks for news between any two layers."""

    def __init__(
        self,
        factory: str,
        commands: BinaryIO,
        events: BinaryIO,
        last_words: LastWords | None = None,
    ) -> None:
        """
        Args:
            factory: makes the subject.
            commands: where they come from.
            events: where they go.
            last_words: of a process that is the engine's alone.
        """
        self._factory, self._last_words = factory, last_words
        self._commands = commands
        self._events = events
        # One in C: a source may break what Python's own is written with.
        self._work: queue.SimpleQueue[Work] = queue.SimpleQueue()
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
        """What could not be opened, or is not to be yet: a save may mend it."""
        self._process = os.getpid()

    def emit(self, message: Message) -> None:
        if os.getpid() != self._process:
            os._exit(1)  # a source has made a copy of the engine, which is none
        try:
            self._events.write(encode(message))
        except OSError:
            os._exit(PIPE_CLOSED)

    def run(self) -> NoReturn:
        """Works until the screen closes stdin, which ends the process."""
        tell_before_executing(self._read)
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
            case SourceSaved() if self.session is None and (refused := self._refused):
                if not self._is_to_wait(refused):
                    self.emit(work)
                    self._open(refused)
            case SourceSaved() if self.session and (path := self.session.source_changed()):
                self.emit(SourceSaved(path))
                self._reload(self._wanted)

    def _open(self, command: Open) -> None:
        self._started = time.perf_counter()
        if self._is_to_wait(command):
            self._refused = command
            self._watch.files(map(Path, command.known))
            self._session_class()  # so that the save need not wait for it
            return
        opens = self._session_class()
        try:
            session = self._executing(opens.open, self._factory, command, self.emit)
        except Problem as problem:
            self._await_mending(command, problem.diagnostic)
            raise
        self.session, self._refused = session, None
        garbage.pass_by()
        session.pause_with(self._pause)
        if command.watch:
            self._watch.files([session.subject.graph])
        self._load(session, command.watch)
        self._stop()

    def _is_to_wait(self, command: Open) -> bool:
        """Whether the files that end engines are still what they were, or about to come."""
        if not command.wait:
            return False
        known = {Path(path): digest for path, digest in command.known.items()}
        changed = changed_since(known)
        return changed is None or not changed.is_file()

    def _await_mending(self, command: Open, diagnostic: Diagnostic) -> None:
        """A port's file may be broken when it is opened: the next save is tried, too."""
        files = [diagnostic.path] if diagnostic.path is not None else list(command.known)
        if command.watch and files:
            self._refused = structs.replace(command, wait=False)
            self._watch.files(map(Path, files))

    def _session_class(self) -> "type[Session]":
        """From here on the process has torch and MAX, which take seconds to load."""
        try:
            from debug.engine.session import Session
            from debug.engine.surroundings import Surroundings
        except ImportError as error:
            message = f"torch or MAX is not what it should be ({error}): make install"
            raise Problem("installation", message) from error
        if self._surroundings is None:
            garbage.search_as_usual()
            self._surroundings = Surroundings()
        return Session

    def _read(self, files: Mapping[str, str | None]) -> None:
        """Files are about to be executed: whatever they do, the screen knows of them."""
        if self._last_words is not None:
            self._last_words.renew()
        self.emit(Reading(dict(files)))

    def _load(self, session: "Session", watched: bool) -> None:
        """Makes a generation of what is on the disk now; the next save is heard of."""
        try:
            self._executing(session.load)
        finally:
            if watched:  # an edit may import more, from elsewhere
                self._watch.files(session.attempted)

    def _executing(self, action: Callable[..., T], *arguments: Any) -> T:
        """Runs what executes a source, which sees nothing that those before it have left. A
        context of its own has what a library sets in one, such as NumPy's errors."""
        assert self._surroundings is not None
        self._undo(self._surroundings.put_back)
        over = threading.Event()
        threading.Thread(target=self._watch_over, args=(over,), daemon=True).start()
        try:
            return copy_context().run(action, *arguments)
        finally:
            libraries.rescue()
            over.set()
            self._undo(self._surroundings.rescue)

    def _watch_over(self, over: threading.Event) -> None:
        """What a source has closed, the rest of its own load may wait for in vain."""
        from debug.engine.surroundings import DESCRIPTORS

        assert self._surroundings is not None
        while not over.wait(LOOK_SECONDS):
            if not self._surroundings.whole:
                self._end(DESCRIPTORS)

    def _end(self, spoiled: list[str]) -> NoReturn:
        """Another process will have to go on."""
        self.emit(Spoiled(spoiled))
        os._exit(SPOILED)

    def _undo(self, put_back: Callable[[], list[str]]) -> None:
        """Of a process that is spoiled for good, this is the end."""
        from debug.engine.surroundings import BeyondRepair

        try:
            changed = put_back()
        except BeyondRepair as spoiled:
            self._end(spoiled.what)
        for each in changed:
            print(f"the source has changed {each}: that is undone", file=sys.stderr)

    def _reload(self, index: int) -> None:
        assert self.session is not None
        self._started = time.perf_counter()
        self._target = -1
        self._wanted = index
        self._load(self.session, self._watch.active)
        self._begin(index, self._started)

    def _begin(self, index: int, started: float | None = None) -> None:
        assert self.session is not None
        self._started = started or time.perf_counter()
        if self.session.generation == 0:
            raise Problem("graph", "there is no good candidate yet; mend its source first")
        self._target = min(index, len(self.session.names) - 1)
        self._wanted = index  # the next source may have more layers
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
    make_way(for_all=ASIDE in sys.argv[2:])
    wake_seldom()  # before MAX has threads
    garbage.search_seldom()
    events, commands = private_stdout(), private_stdin()
    try:
        last_words = LastWords(events.fileno())
        Engine(sys.argv[1], commands, events, last_words).run()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(1)  # threads and handlers that a source has left may never end
