"""Compares the weights of a generation with the reference's, some at a time."""

import time
from collections.abc import Mapping

from max.driver import Buffer
from torch import Tensor

from debug.candidate.buffers import to_torch
from debug.measure.weights import likened
from debug.port.aligned import state_of
from debug.port.weight_pairs import WeightPair, WeightPairs, counterparts_of, part_of
from debug.protocol.weights import ComparedWeight, Likeness, WeightsCompared
from debug.subject import Alignment, Candidate, Subject

AT_ONCE_SECONDS = 0.2
"""For so long weights are compared before they are told."""


class Weighing:
    """Pairs the weights when they are first asked for, once a generation."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._reference: Mapping[str, Tensor] = {}
        self._generation = 0

    def answer(
        self,
        begin: int,
        generation: int,
        candidate: Candidate,
        alignment: Alignment | None,
    ) -> WeightsCompared:
        """Weights from one on, as many as a short while is enough for."""
        if generation != self._generation:
            self._begin(generation, candidate, alignment)
        found: list[ComparedWeight] = []
        ends = time.monotonic() + AT_ONCE_SECONDS
        for pair in self._pairs[begin:]:
            found.append(self._compared(pair))
            if time.monotonic() > ends:
                break
        return WeightsCompared(generation, begin, len(self._pairs), found)

    def _begin(
        self, generation: int, candidate: Candidate, alignment: Alignment | None
    ) -> None:
        subject = self._subject
        self._reference = self._reference or state_of(subject.reference())
        self._weights: Mapping[str, Buffer] = candidate.weights
        shapes = {name: [*each.shape] for name, each in self._weights.items()}
        known = counterparts_of(subject.layers, candidate.names, alignment)
        pairs = WeightPairs(self._reference, shapes, self._value, *known)
        self._pairs = pairs.all()
        self._layers = [layer for layer in subject.layers if not layer.is_model]
        self._generation = generation

    def _value(self, name: str) -> Tensor:
        return to_torch(self._weights[name])

    def _compared(self, pair: WeightPair) -> ComparedWeight:
        theirs = self._reference[pair.reference] if pair.reference else None
        ours = self._value(pair.candidate) if pair.candidate else None
        one = ours if ours is not None else theirs
        assert one is not None
        about = (
            pair.reference or "",
            pair.candidate or "",
            _shape(theirs),
            _shape(ours),
            str(one.dtype).removeprefix("torch."),
        )
        layer = self._layer_of(pair.reference or "")
        if theirs is None or ours is None:
            only = Likeness.ONLY_MAX if theirs is None else Likeness.ONLY_PYTORCH
            return ComparedWeight(only, *about, note=pair.note, layer=layer)
        part, which = ours, ""
        if pair.channels is not None:
            part, which = part_of(ours, pair.channels, theirs)
        found = likened(theirs, part)
        layout = ", ".join(each for each in (which, found.layout) if each)
        told = layout, found.error, pair.note, layer
        return ComparedWeight(found.likeness, *about, *told)

    def _layer_of(self, weight: str) -> str:
        """The innermost layer around a weight of the reference."""
        around = [each for each in self._layers if weight.startswith(f"{each.path}.")]
        return max(around, key=lambda each: len(each.path)).name if around else ""


def _shape(value: Tensor | None) -> list[int]:
    return [] if value is None else [*value.shape]
