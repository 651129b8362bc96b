"""The engine's idle work: all that is worth knowing about a run and worth no wait.

A step or a save shows its numbers at once. What needs seconds comes afterwards, a piece
at a time: each layer in isolation, the probes, the causes, the outcome, the graph without
taps. Between any two pieces the engine looks for news, and in the middle of a long one
the job calls its `Pause`, so that a key or a save never waits.

It is a list of `Job`. The first that has something left is the one that goes on, so the
order of the list is the order in which a person wants to know. Before each piece a
`Working` event says what it is: "looking for the cause of blocks.0.attn, 3 of 9". To add
a job, write its class in `debug.engine.jobs` and put it into the list of
`debug.engine.idle_work`.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from msgspec.structs import replace

from debug.candidate.interpreter import LazyValue
from debug.candidate.taps import Probe
from debug.causes.explainer import LoadedCandidate
from debug.pause import Interrupted
from debug.protocol.diagnostic import FAILED, Diagnostic, Problem
from debug.protocol.messages import ComparedWithoutTaps, Message, NotPossible, Working


@dataclass(frozen=True)
class Generation:
    """One load of the candidate, as far as jobs need it."""

    number: int = 0
    values: Mapping[str, LazyValue] = field(default_factory=dict)
    """By layer, of those that it has."""
    unseen: Collection[str] = ()
    """Layers that it calls, and whose values can't be had."""
    code: LoadedCandidate | None = None
    """None where the graph runs as a whole."""
    probes: Sequence[Probe] = ()
    """The values that the source names."""
    probed: Callable[[Probe], LazyValue | None] = lambda probe: None
    without_taps: Callable[[], ComparedWithoutTaps] | None = None
    """Compiles the graph once more; None where nothing is compiled."""


class Job(Protocol):
    """Something to be said of a generation, in pieces that are short or make way."""

    @property
    def name(self) -> str:
        """What the next piece is about, as a status bar shows it."""
        ...

    @property
    def done(self) -> int:
        """How many pieces of this generation are done."""
        ...

    def begin(self, generation: Generation) -> None:
        """Another generation: what was begun about the last one is dropped."""
        ...

    def left(self, position: int) -> int:
        """How many pieces could be done now that the layers up to here were computed."""
        ...

    def do_one(self) -> None:
        """The next piece.

        Raises:
            Interrupted: something else is wanted; the piece is still left.
        """
        ...


class Background:
    """Follows a run: nothing is done about a layer before it was computed."""

    def __init__(self, jobs: Sequence[Job], emit: Callable[[Message], None]) -> None:
        self._jobs, self._emit = jobs, emit

    def begin(self, generation: Generation) -> None:
        for job in self._jobs:
            job.begin(generation)

    def settled(self, position: int) -> bool:
        """Whether all that can be said of the layers up to here was said."""
        return self._next(position) is None

    def _next(self, position: int) -> Job | None:
        return next((job for job in self._jobs if job.left(position)), None)

    def go_on(self, position: int) -> None:
        """One piece of what is left. Whatever fails, the run stands without it."""
        job = self._next(position)
        if job is None:
            return
        what = job.name
        self._emit(Working(what, job.done + 1, job.done + job.left(position)))
        try:
            job.do_one()
        except Interrupted:
            return
        except Exception as error:
            self._emit(NotPossible(_failure(what, error)))


def _failure(what: str, error: Exception) -> Diagnostic:
    """What is said where the debugger itself fails."""
    if isinstance(error, Problem) and error.diagnostic.kind == FAILED:
        return error.diagnostic
    diagnostic = Problem.of(FAILED, error, prefix=f"{what} failed").diagnostic
    return replace(diagnostic, kind=FAILED)
