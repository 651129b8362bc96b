"""Of several root causes, how much of the final error each makes by itself.

Which of two mistakes is worth mending first? Of one alone it need not be asked: what is
wrong is wrong because of it. Where there are several, each is tried with nothing else
wrong (`debug.experiments.stand_ins`), and the error of the model's result is told as a
share of the one that it has.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from debug.engine.background import Generation
from debug.experiments.stand_ins import error_of, error_with
from debug.measure.truth import Truth
from debug.pause import Pause
from debug.protocol.messages import Message, ShareKnown
from debug.reference.recorded_layers import RecordedLayers
from debug.results.root_causes import RootCause, root_causes
from debug.results.run import Run
from debug.subject import Subject, model_of

MOST = 3
"""Each takes a run of the reference: of more root causes the first are tried."""


class FindShares:
    """A piece for each root cause, after all of them were found."""

    name = "working out what each cause makes of the final error"

    def __init__(
        self,
        subject: Subject,
        truths: Mapping[str, Truth],
        recordings: RecordedLayers,
        told: Run,
        pause: Pause,
        emit: Callable[[Message], None],
    ) -> None:
        """``told`` is what was told so far: it knows the root causes."""
        self._subject, self._truths, self._recordings = subject, truths, recordings
        self._told, self._pause, self._emit = told, pause, emit
        self._model = model_of(subject.layers).name
        self._position = list(truths).index(self._model)
        self.begin(Generation())

    def begin(self, generation: Generation) -> None:
        self._generation, self.done = generation, 0
        self._waiting: list[RootCause] | None = None

    def left(self, position: int) -> int:
        if position < self._position or self._generation.code is None:
            return 0
        if self._waiting is None:
            self._waiting = self._worth_trying()
        return len(self._waiting)

    def _worth_trying(self) -> list[RootCause]:
        told = self._told
        if self._model not in self._generation.values or (
            told.loaded and told.loaded.injected
        ):
            return []
        found = root_causes(replace(told, settled=True))
        return [each for each in found if is_separate(each, found, told)][:MOST]

    def do_one(self) -> None:
        assert self._waiting
        root, values = self._waiting[0], self._generation.values
        names = [self._told.layers[index].name for index in root.layers]
        given = self._subject, self._truths, values, self._recordings.wide, self._pause
        alone = error_with(names, *given)
        self._waiting.pop(0)
        self.done += 1
        as_it_is = error_of(values[self._model].value(), self._truths[self._model])
        if alone is not None and 0 < as_it_is < float("inf") and alone < float("inf"):
            share = alone / as_it_is
            self._emit(ShareKnown(self._generation.number, root.layers[0], share))


def is_separate(root: RootCause, found: Sequence[RootCause], run: Run) -> bool:
    """Whether a root cause is one of several, and no other is in its layers' code, or in
    that of layers within them: those would stand in together."""
    names = {run.layers[index].name for index in root.layers}
    others = {index for each in found if each is not root for index in each.layers}
    return bool(others) and all(names.isdisjoint(run.with_parents(each)) for each in others)
