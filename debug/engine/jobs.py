"""The jobs of the engine's idle work; see `debug.engine.background`."""

from collections.abc import Callable, Mapping, Sequence

import torch
from msgspec import structs

from debug.candidate.taps import Probe
from debug.causes.lines import LoadedCandidate
from debug.causes.rounding import long_sum
from debug.engine.background import Generation
from debug.engine.comparisons import Again, Comparisons
from debug.engine.whereabouts import Whereabouts
from debug.experiments.isolation import Isolation
from debug.experiments.probes import Variables
from debug.measure.truth import Truth, in_layout
from debug.pause import Interrupted, Pause
from debug.protocol.diagnostic import FAILED, Problem
from debug.protocol.messages import Explained, Isolated, Message, OutcomeKnown
from debug.protocol.values import Divergence, Finding, Outcome
from debug.protocol.verdict import Verdict
from debug.subject import HasOutcome, Subject, model_of

Emit = Callable[[Message], None]
Explain = Callable[[str, LoadedCandidate, Pause], Mapping[str, Sequence[Finding]]]


class IsolateLayers:
    """Every layer on the reference's own input. Inputs of the model are no layers, and one
    of a graph that is compiled as a whole is passed over."""

    name = "running layers in isolation"

    def __init__(
        self,
        subject: Subject,
        truths: Mapping[str, Truth],
        isolation: Isolation,
        found: Callable[[int, Verdict], None],
        emit: Emit,
    ) -> None:
        """``found`` is told the index of each layer that is not ok, and its verdict."""
        inputs = {value.name for value in subject.inputs}
        self._layers = [(i, name) for i, name in enumerate(truths) if name not in inputs]
        self._truths, self._emit = truths, emit
        self._isolation = isolation
        self._found = found
        self.begin(Generation())

    def begin(self, generation: Generation) -> None:
        self._generation, self.done = generation, 0

    def left(self, position: int) -> int:
        return sum(index <= position for index, _ in self._layers[self.done :])

    def do_one(self) -> None:
        index, name = self._layers[self.done]
        self.done += 1
        if name in self._generation.unseen:
            return
        generation, value = self._generation, self._generation.values.get(name)
        divergence = self._isolation.run(self._truths[name], value)
        if divergence is None:
            return
        self._emit(Isolated(generation.number, index, divergence))
        if not divergence.verdict.healthy and generation.code and value:
            self._found(index, divergence.verdict)


class FindBorders:
    """Layers that are wrong in isolation may begin or end elsewhere in the candidate, and
    be right there. The outer ones first: within a layer that is right nothing is wrong."""

    name = "looking for where layers begin and end"

    def __init__(
        self,
        names: Sequence[str],
        whereabouts: Whereabouts,
        moved: Callable[[int, Divergence], None],
        found_wrong: Callable[[int], None],
        pause: Pause,
    ) -> None:
        """``moved`` is told each layer that is right elsewhere, ``found_wrong`` all that
        are not."""
        self._names, self._whereabouts, self._pause = names, whereabouts, pause
        self._moved, self._found_wrong = moved, found_wrong
        self.begin(Generation())

    def begin(self, generation: Generation) -> None:
        self._waiting: list[int] = []
        self.done = 0

    def add(self, index: int) -> None:
        """A layer that is wrong in isolation."""
        self._waiting.append(index)

    def left(self, position: int) -> int:
        return min(len(self._waiting), 1)  # all of them in one piece

    def do_one(self) -> None:
        wrong = []
        while self._waiting:
            index = min(self._waiting, key=self._depth)
            divergence = self._whereabouts.move(self._names[index], self._pause)
            self._waiting.remove(index)
            if divergence is None:
                wrong.append(index)
            else:
                self._moved(index, divergence)
        self.done += 1
        for index in sorted(wrong):
            self._found_wrong(index)

    def _depth(self, index: int) -> int:
        return self._whereabouts.depth(self._names[index])


class _Queue:
    """Layers that wait to be looked into, one after the other."""

    def begin(self, generation: Generation) -> None:
        self._generation, self.done = generation, 0
        self._waiting: list[int] = []

    def add(self, index: int) -> None:
        """Puts a layer behind those that wait."""
        self._waiting.append(index)

    def left(self, position: int) -> int:
        return len(self._waiting)


class ExplainRounding(_Queue):
    """Layers that are to be watched may only add up more at a time than PyTorch does."""

    name = "looking for long sums"

    def __init__(
        self,
        truths: Mapping[str, Truth],
        comparisons: Comparisons,
        again: Again,
        pause: Pause,
    ) -> None:
        """``again`` is told each layer with the reason why it rounds as it does."""
        self._names, self._truths = list(truths), truths
        self._comparisons, self._again, self._pause = comparisons, again, pause
        self.begin(Generation())

    def do_one(self) -> None:
        index, code = self._waiting[0], self._generation.code
        assert code is not None
        name = self._names[index]
        truth = self._truths[name]
        reason = long_sum(name, truth, code.program, code.kept, self._pause)
        self._waiting.pop(0)
        self.done += 1
        stats, divergence, reused = self._comparisons.of(name)
        if reason and divergence.verdict is Verdict.WATCH:
            self._again(index, stats, structs.replace(divergence, reason=reason), reused)


class CompareProbes:
    """What the source's probes name, beside the reference's variables."""

    name = "comparing probes"

    def __init__(
        self,
        subject: Subject,
        truths: Mapping[str, Truth],
        variables: Variables,
        emit: Emit,
    ) -> None:
        self._names, self._emit = list(truths), emit
        self._model = model_of(subject.layers).name
        self._variables = variables
        self.begin(Generation())

    def begin(self, generation: Generation) -> None:
        self._generation, self.done = generation, 0
        self._waiting = list(generation.probes)
        self._due: list[Probe] = []

    def left(self, position: int) -> int:
        """Those whose layer was computed, and those of no layer at all."""
        names, reached = set(self._names), {*self._names[: position + 1]}
        self._due = [p for p in self._waiting if p.layer in reached or p.layer not in names]
        return len(self._due)

    def do_one(self) -> None:
        probe = self._due.pop(0)
        self._waiting.remove(probe)
        self.done += 1
        layer = probe.layer if probe.layer in self._names else self._model
        number, index = self._generation.number, self._names.index(layer)
        value = self._generation.probed(probe)
        self._emit(self._variables.probed(number, index, probe, value))


class FindCauses(_Queue):
    """Looks into the layers that are wrong in isolation, in the order they were found.

    A layer that the candidate never calls has no code to look into: it is explained with
    the layer that should call it. One that is only to be watched is looked into last, for
    the causes of those that are wrong: a wrong number in each norm may be no more than
    rounding in most of them. Nothing else is said of it.
    """

    def __init__(
        self, truths: Mapping[str, Truth], explain: Explain, pause: Pause, emit: Emit
    ) -> None:
        """``explain`` says what is wrong in a layer's code, by the layer that it is of."""
        self._names, self._emit = list(truths), emit
        self._explain, self._pause = explain, pause
        self.begin(Generation())

    def begin(self, generation: Generation) -> None:
        super().begin(generation)
        self._watched: list[int] = []
        self._sure: set[str] = set()
        """What explains a wrong layer."""

    def watch(self, index: int) -> None:
        """A layer that is only to be watched."""
        self._watched.append(index)

    def left(self, position: int) -> int:
        return len(self._waiting) + (len(self._watched) if self._sure else 0)

    @property
    def name(self) -> str:
        return f"looking for the cause of {self._names[self._next]}"

    @property
    def _next(self) -> int:
        return (self._waiting or self._watched)[0]

    def do_one(self) -> None:
        index = self._next
        waiting = self._waiting or self._watched
        is_wrong = waiting is self._waiting
        waiting.pop(0)
        number, code = self._generation.number, self._generation.code
        assert code is not None
        name = self._names[index]
        try:
            explained = self._explain(name, code, self._pause)
        except Interrupted:
            waiting.insert(0, index)
            raise
        except Exception as error:
            what = f"the search for the cause of {name} failed"
            raise Problem.of(FAILED, error, prefix=what) from error
        self.done += 1
        for about, findings in explained.items():
            causes = [each.causes[0] for each in findings if each.causes]
            sure = {each.hypothesis for each in causes if each.complete}
            if is_wrong:
                self._sure |= sure
            elif len(sure) < len(findings) or not sure <= self._sure:
                continue
            self._emit(Explained(number, self._names.index(about), list(findings)))


class JobOfTheModel:
    """A job of one piece, once the model's own result is there."""

    def __init__(self, subject: Subject, truths: Mapping[str, Truth]) -> None:
        self._model = model_of(subject.layers).name
        self._position = list(truths).index(self._model)
        self.begin(Generation())

    def begin(self, generation: Generation) -> None:
        self._generation, self.done = generation, 0

    def left(self, position: int) -> int:
        if self.done or position < self._position or not self._wanted:
            return 0
        return int(self._model in self._generation.values)

    @property
    def _wanted(self) -> bool:
        return True


class CompareOutcome(JobOfTheModel):
    """Tries what the model's result is used for, on both sides."""

    name = "comparing the outcome"

    def __init__(
        self, subject: Subject, truths: Mapping[str, Truth], pause: Pause, emit: Emit
    ) -> None:
        self._subject, self._truths = subject, truths
        self._pause, self._emit = pause, emit
        self._outcomes: dict[str, Outcome] = {}
        """By the result's digest."""
        super().__init__(subject, truths)

    @property
    def _wanted(self) -> bool:
        return isinstance(self._subject, HasOutcome)

    def do_one(self) -> None:
        assert isinstance(self._subject, HasOutcome)
        self.done = 1
        value, truth = self._generation.values[self._model], self._truths[self._model]
        if value.digest not in self._outcomes:
            candidate = in_layout(value.value(), truth).to(torch.float32)
            if candidate.shape != truth.shape or not candidate.isfinite().all():
                return
            try:
                outcome = self._subject.outcome(truth.exact.float(), candidate, self._pause)
            except Interrupted:
                self.done = 0
                raise
            self._outcomes[value.digest] = outcome
        self._emit(OutcomeKnown(self._generation.number, self._outcomes[value.digest]))


class CompareWithoutTaps(JobOfTheModel):
    """Compiles the graph as production does, with no layer but the model as an output."""

    name = "compiling the graph without taps"

    def __init__(self, subject: Subject, truths: Mapping[str, Truth], emit: Emit) -> None:
        self._emit = emit
        super().__init__(subject, truths)

    @property
    def _wanted(self) -> bool:
        return self._generation.without_taps is not None

    def do_one(self) -> None:
        assert self._generation.without_taps is not None
        self.done = 1
        self._emit(self._generation.without_taps())
