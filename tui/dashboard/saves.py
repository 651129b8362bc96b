"""What is remembered of every save: the source to the byte, and what came of it.

A save is one state of the candidate's files that the engine has read. What came of the
last one is in the `Run` and still grows; once the next is read, it is kept as it is, and
after a hundred more it is summed up.
So an engine that is restarted, or a save that does not even parse, takes nothing away.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from os.path import basename, commonpath, dirname, relpath
from typing import Any

from msgspec import structs

from debug.protocol.diagnostic import Diagnostic
from debug.protocol.messages import Event, Failed, Loaded, SourceRead
from debug.protocol.values import Divergence, Outcome
from debug.protocol.verdict import Verdict, overall
from debug.results.root_causes import root_causes
from debug.results.run import Run
from tui import words
from tui.answer import layers_of, place_text


@dataclass(frozen=True)
class LayerResult:
    chained: Divergence
    isolated: Divergence | None = None


@dataclass(frozen=True)
class Result:
    """What came of a save, as far as it was found out."""

    run: Run | None = None
    """All that is known, for a page or a copy of the causes; None where nothing has run."""
    layers: Mapping[str, LayerResult] = field(default_factory=dict)
    """By name, those that have run."""
    ran: str = ""
    """How many layers that is: ``43 of 44 layers``."""
    is_complete: bool = False
    """Whether that is all of them."""
    causes: tuple[str, ...] = ()
    """Each root cause in a line."""
    outcome: Outcome | None = None
    problem: Diagnostic | None = None
    """Why it could not be run."""
    replaced: tuple[str, ...] = ()
    """The layers whose values were PyTorch's."""
    summed_up: bool = False
    """Whether of its layers only the worst is kept."""

    @property
    def verdict(self) -> Verdict | None:
        """None where nothing has run."""
        verdicts = [each.chained.verdict for each in self.layers.values()]
        return overall(verdicts) if verdicts else None

    @property
    def worst(self) -> str | None:
        """The layer with the largest R; one that is wrong and has none is worse."""
        if not self.layers:
            return None

        def badness(name: str) -> tuple[bool, float]:
            found = self.layers[name].chained
            return found.ratio is None and found.verdict.wrong, found.ratio or 0.0

        return max(self.layers, key=badness)


WITH_NUMBERS = 100
"""How many of the last saves keep the numbers of all layers: of a large model they are half
a megabyte each."""


@dataclass(frozen=True)
class Save:
    number: int
    """From 1, whatever the engine calls its generations."""
    at: datetime
    files: Mapping[str, bytes]
    """By path."""
    generation: int = 0
    """Of the engine that runs now; 0 while it has no graph of it."""
    result: Result | None = None
    """Once it is not the last save any more."""
    problem: Diagnostic | None = None
    """Why it could not be run: the first reason, whatever became of the file later."""
    own: Result | None = None
    """What came of it before a layer was replaced by PyTorch's."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """What the engine was started with that has read it."""

    @property
    def time(self) -> str:
        return f"{self.at:%H:%M:%S}"


def names_of(paths: Mapping[str, bytes]) -> dict[str, str]:
    """Paths as short as they can be: from the folder that all files are in."""
    folder = commonpath([dirname(path) for path in paths]) if paths else ""
    return {path: relpath(path, folder) if folder else basename(path) for path in paths}


class History:
    """All saves, the first of which is what was opened."""

    def __init__(self) -> None:
        self.saves: list[Save] = []
        self.options: Mapping[str, Any] = {}
        """What the engine is started with that reads the next."""

    def hear(self, event: Event, run: Run) -> None:
        """Whatever the engine says, before the run is told."""
        match event:
            case SourceRead(files):
                self.read(files, datetime.now(), run)
            case Loaded(generation):
                self.about_to_load(run)
                self.loaded(generation)
            case Failed(diagnostic):
                self.refused(diagnostic)
            case _:
                pass

    def read(self, files: Mapping[str, bytes], at: datetime, run: Run) -> None:
        """The engine has read files; an engine that was restarted reads the same again.

        Args:
            files: by path. Of a file that does not parse nobody knows what it imports, so
                those that are missing here are as they were.
            at: when.
            run: what is known, which is still about the save before.
        """
        before = self.saves[-1] if self.saves else None
        known = before.files if before else {}
        changed = {path: held for path, held in files.items() if known.get(path) != held}
        whole = {**known, **changed}  # what is as it was is held once
        if before is None:
            self.saves.append(Save(1, at, whole, options=self.options))
        elif before.files == whole:
            self.saves[-1] = replace(before, generation=0, options=self.options)
        else:
            earlier = self.before(before)
            still = _still(run, earlier.result.run if earlier and earlier.result else None)
            self.saves[-1] = replace(before, result=self.result(before, still))
            self.saves.append(Save(before.number + 1, at, whole, options=self.options))
            self._sum_up_oldest()

    def _sum_up_oldest(self) -> None:
        """Of a save that is long past, what a person reads in its row is kept."""
        place = len(self.saves) - 1 - WITH_NUMBERS
        if place >= 0 and (result := self.saves[place].result) is not None:
            worst = {name: result.layers[name] for name in [result.worst] if name}
            few = replace(result, run=None, layers=worst, summed_up=bool(worst))
            self.saves[place] = replace(self.saves[place], result=few, own=None)

    def refused(self, problem: Diagnostic) -> None:
        """The last save can't be run."""
        if self.saves and not self.saves[-1].generation:
            first = self.saves[-1].problem or problem
            self.saves[-1] = replace(self.saves[-1], problem=first)

    def about_to_load(self, run: Run) -> None:
        """The last save may run again with layers replaced, which is nothing that came of
        the save."""
        last = self.saves[-1] if self.saves else None
        is_own = run.loaded is not None and not run.loaded.injected
        if last is not None and is_own and last.generation == run.generation:
            self.saves[-1] = replace(last, own=_of(_still(run)))

    def loaded(self, generation: int) -> None:
        """The last save is now a graph."""
        if self.saves:
            self.saves[-1] = replace(self.saves[-1], generation=generation)

    def is_last(self, save: Save) -> bool:
        return bool(self.saves) and save.number == self.saves[-1].number

    def result(self, save: Save, run: Run) -> Result:
        """What came of a save; of the last one, what is known by now."""
        if save.result is not None:
            return save.result
        problem = save.problem or run.stale
        if problem is not None and not save.generation:
            return Result(problem=problem)
        if save.generation != run.generation:
            return Result()
        found = _of(run)
        return save.own if found.replaced and save.own is not None else found

    def same_as(self, save: Save) -> Save | None:
        """The first save with the same source, if it is an earlier one."""
        first = next(each for each in self.saves if each.files == save.files)
        return first if first.number < save.number else None

    def before(self, save: Save) -> Save | None:
        place = save.number - 2
        return self.saves[place] if place >= 0 else None


def _still(run: Run, earlier: Run | None = None) -> Run:
    """A run as it is now, which no event changes any more.

    Args:
        run: what is known.
        earlier: an earlier one that is kept; numbers that are as they were are held once.
    """
    known = earlier.results if earlier else {}
    alone_before = earlier.isolated_events if earlier else {}
    results, isolated = {}, {}
    for index in range(len(run.layers)):
        if (found := run.current(index)) is not None:
            chained = _without_profiles(found.chained)
            if index in known and known[index].chained == chained:
                chained = known[index].chained
            results[index] = structs.replace(found, chained=chained)
        if run.isolated(index) is not None:
            event = run.isolated_events[index]
            alone = _without_profiles(event.divergence)
            if index in alone_before and alone_before[index].divergence == alone:
                alone = alone_before[index].divergence
            isolated[index] = structs.replace(event, divergence=alone)
    return replace(
        run,
        results=results,
        isolated_events=isolated,
        explained=dict(run.explained),
        before={},
        probed=list(run.probed),
        failures=list(run.failures),
    )


def _without_profiles(divergence: Divergence) -> Divergence:
    """In an afternoon's saves they would be hundreds of megabytes."""
    return structs.replace(divergence, frames=[], channels=[])


def _of(run: Run) -> Result:
    layers, ran = {}, []
    for index, layer in enumerate(run.layers):
        if (result := run.current(index)) is not None:
            layers[layer.name] = LayerResult(result.chained, run.isolated(index))
            ran.append(index)
    causes = []
    for cause in root_causes(run):
        where = f"{place_text(cause.place)}: " if cause.place else ""
        causes.append(f"{where}{cause.why} ({layers_of(cause, run)})")
    return Result(
        run if layers else None,
        layers,
        words.count(run, ran),
        run.is_complete,
        tuple(causes),
        run.outcome,
        run.stale,
        tuple(run.loaded.injected) if run.loaded else (),
    )
