"""What is done while nobody asks for anything, piece by piece, so that a key or a save need
not wait: every layer alone, why those are wrong that are, and what the result is good for.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch

from debug.candidate.interpreter import LazyValue
from debug.candidate.trace import Probe
from debug.causes.explainer import Explainer, LoadedCandidate
from debug.experiments.isolation import Isolation
from debug.experiments.probes import Variables
from debug.measure.truth import Truth
from debug.pause import Interrupted, Pause, go_on
from debug.protocol.diagnostic import from_exception
from debug.protocol.messages import (
    ComparedWithoutTaps,
    Explained,
    Isolated,
    Message,
    NotPossible,
    OutcomeKnown,
)
from debug.protocol.values import Outcome
from debug.subject import HasOutcome, Subject


@dataclass(frozen=True)
class Generation:
    """One load of the candidate."""

    number: int
    computed: Mapping[str, LazyValue]
    """The layers that it has."""
    code: LoadedCandidate | None
    """None where the graph runs as a whole."""
    probes: Sequence[Probe]
    """The values that the source names."""
    probed: Callable[[Probe], LazyValue | None]
    without_taps: Callable[[], ComparedWithoutTaps] | None
    """Compiles the graph once more; None where nothing is compiled."""


class Background:
    """Follows a run: nothing is done about a layer before it was computed."""

    def __init__(
        self,
        subject: Subject,
        truths: Mapping[str, Truth],
        explainer: Explainer,
        variables: Variables,
        emit: Callable[[Message], None],
    ) -> None:
        self._subject, self._truths, self._emit = subject, truths, emit
        self._explainer, self._variables = explainer, variables
        self._names = list(truths)
        self._inputs = {value.name for value in subject.inputs}
        self._isolation = Isolation(subject.dtype.name)
        self._outcomes: dict[str, Outcome] = {}
        """By the result's digest."""
        self.pause: Pause = go_on
        """Called often in what takes long."""
        self._generation = Generation(0, {}, None, [], lambda probe: None, None)
        self._last_isolated = -1
        """The last layer that has run alone."""
        self._probes: list[Probe] = []
        """Those that were not compared yet."""
        self._unexplained: list[int] = []
        """Layers that are wrong alone."""
        self._outcome_done = self._without_taps_done = False

    def begin(self, generation: Generation) -> None:
        """Another generation: what was begun about the last one is dropped."""
        self._generation = generation
        self._probes = list(generation.probes)
        self._last_isolated, self._unexplained = -1, []
        self._outcome_done = self._without_taps_done = False

    def settled(self, position: int) -> bool:
        """Whether all that can be said of the layers up to here was said."""
        return (
            self._last_isolated >= position
            and self._due(position) is None
            and not self._unexplained
            and not self._can_follow(position)
            and not self._can_untap(position)
        )

    def go_on(self, position: int) -> None:
        """One piece of it."""
        try:
            if self._last_isolated < position:
                self._isolate()
            elif (probe := self._due(position)) is not None:
                self._compare(probe)
            elif self._unexplained:
                self._explain()
            elif self._can_follow(position):
                self._follow()
            else:
                self._untap()
        except Interrupted:
            return
        except Exception as error:  # the run stands without it
            self._emit(NotPossible(from_exception("explain", error)))

    def _isolate(self) -> None:
        """Runs the next layer alone, on the reference's input. Inputs are passed over,
        and so is every layer of a graph that is compiled as a whole."""
        self._last_isolated += 1
        index, name = self._last_isolated, self._names[self._last_isolated]
        if name in self._inputs:
            return
        computed = self._generation.computed.get(name)
        divergence = self._isolation.run(self._truths[name], computed)
        if divergence is None:
            return
        self._emit(Isolated(self._generation.number, index, divergence))
        if not divergence.verdict.healthy and self._generation.code and computed:
            self._unexplained.append(index)

    def _due(self, position: int) -> Probe | None:
        """A probe whose layer was computed, or is none at all."""
        names, reached = set(self._names), {*self._names[: position + 1]}
        due = (p for p in self._probes if p.layer in reached or p.layer not in names)
        return next(due, None)

    def _compare(self, probe: Probe) -> None:
        """Compares what a probe names with the reference's variable."""
        self._probes.remove(probe)
        layer = probe.layer if probe.layer in self._names else self._names[-1]
        number, index = self._generation.number, self._names.index(layer)
        computed = self._generation.probed(probe)
        self._emit(self._variables.probed(number, index, probe, computed))

    def _explain(self) -> None:
        """Looks into the first layer that is wrong alone and was not looked into.

        What has no code here, for the candidate never calls it, is found with the layer
        that should.
        """
        index = self._unexplained.pop(0)
        assert self._generation.code is not None
        try:
            name, code = self._names[index], self._generation.code
            explained = self._explainer.explain(name, code, self.pause)
        except Interrupted:
            self._unexplained.insert(0, index)
            raise
        for about, findings in explained.items():
            number = self._generation.number
            self._emit(Explained(number, self._names.index(about), findings))

    def _is_complete(self, position: int) -> bool:
        has_result = self._names[-1] in self._generation.computed
        return position == len(self._names) - 1 and has_result

    def _can_follow(self, position: int) -> bool:
        wanted = not self._outcome_done and isinstance(self._subject, HasOutcome)
        return wanted and self._is_complete(position)

    def _can_untap(self, position: int) -> bool:
        wanted = not self._without_taps_done and self._generation.without_taps is not None
        return wanted and self._is_complete(position)

    def _untap(self) -> None:
        """Runs the compiled graph without taps."""
        assert self._generation.without_taps is not None
        self._without_taps_done = True
        self._emit(self._generation.without_taps())

    def _follow(self) -> None:
        """Tries what the result is used for, on both sides."""
        assert isinstance(self._subject, HasOutcome)
        self._outcome_done = True
        last = self._names[-1]
        computed, truth = self._generation.computed[last], self._truths[last]
        if computed.digest not in self._outcomes:
            candidate = computed.value().to(torch.float32)
            if candidate.shape != truth.exact.shape or not candidate.isfinite().all():
                return
            try:
                outcome = self._subject.outcome(truth.exact.float(), candidate, self.pause)
            except Interrupted:
                self._outcome_done = False
                raise
            self._outcomes[computed.digest] = outcome
        self._emit(OutcomeKnown(self._generation.number, self._outcomes[computed.digest]))
