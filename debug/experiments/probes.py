"""The values that a candidate's source names, beside PyTorch's variables of these names.

A port that is not cut into modules as PyTorch's is shows nothing inside them.
``probe("blocks.0.attn.qk", x)`` in its source names a value by the layer and the variable
of PyTorch's own code that it should be. A variable may be assigned several times; then
the nearest value of a shape that fits is meant.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from msgspec import structs
from torch import Tensor

from debug.candidate.interpreter import LazyValue
from debug.candidate.taps import Probe
from debug.experiments.isolation import aside
from debug.measure.divergence import compare
from debug.measure.layout import laid_out
from debug.measure.matching import Sought, find, reorderings
from debug.measure.statistics import describe
from debug.measure.truth import Truth, measure_reference
from debug.protocol.diagnostic import first_line
from debug.protocol.messages import Probed
from debug.protocol.values import Divergence
from debug.protocol.verdict import Verdict
from debug.reference.recorded_layers import RecordedLayers
from debug.reference.recording import ValueId

NOT_INSIDE = "the compiled graph shows no values inside a layer; the interpreter does"


@dataclass(frozen=True)
class Meant:
    """One of the values that a variable stands for, in the layout of the candidate's."""

    index: ValueId
    truth: Truth
    transposed: bool


class Variables:
    """Compares probes; what no edit has changed is not computed again."""

    def __init__(self, recordings: RecordedLayers, truths: Mapping[str, Truth]) -> None:
        self._recordings, self._truths = recordings, truths
        self._results: dict[tuple[str, str], Probed] = {}
        """By the probe's name and the digest of its value."""

    def probed(
        self, generation: int, index: int, probe: Probe, computed: LazyValue | None
    ) -> Probed:
        """What is to be said of a probe. Never raises: a probe stops nothing.

        Args:
            generation: of the candidate.
            index: of the layer that the probe is about.
            probe: what the source names.
            computed: its value; None where the graph was compiled as a whole.
        """
        said = Probed(generation, index, probe.name, probe.place)
        try:
            if reason := self._reason_unknown(probe):
                return structs.replace(said, note=reason)
            if computed is None:
                reason = NOT_INSIDE if probe.is_tensor else "it is no tensor of the graph"
                return structs.replace(said, note=reason)
            key = probe.name, computed.digest
            if key not in self._results:
                with torch.inference_mode():
                    self._results[key] = self._compare(said, probe, computed)
        except Exception as error:
            return structs.replace(said, note=f"can't be compared: {first_line(error)}")
        return structs.replace(
            self._results[key], generation=generation, index=index, place=probe.place
        )

    def _reason_unknown(self, probe: Probe) -> str:
        """Why a name means nothing in the reference, if so."""
        if probe.layer not in self._truths:
            return f"there is no layer {probe.layer}"
        variables = self._recordings.of(probe.layer).variables
        if probe.variable in variables:
            return ""
        return f"{probe.layer} has no {probe.variable}; it has {', '.join(variables)}"

    def _compare(self, said: Probed, probe: Probe, computed: LazyValue) -> Probed:
        value, layer = computed.value(), probe.layer
        recording = self._recordings.of(layer)
        said = structs.replace(said, candidate=describe(value))
        measured = [(_measure(value, m), m) for m in self._meant(probe, value.squeeze())]
        if not measured:
            last = recording.values[recording.variables[probe.variable][-1]]
            reason = f"shape {list(value.shape)} where the reference has {list(last.shape)}"
            divergence = Divergence(Verdict.INVALID, reason=reason)
            return structs.replace(said, chained=divergence)
        # A name that is given again stands for several values: the nearest is meant.
        chained, meant = min(measured, key=lambda pair: _error(pair[0]))
        isolated_value = self._isolated(layer, computed)
        isolated = None if isolated_value is None else _measure(isolated_value, meant)
        step = recording.maker(meant.index)
        note = "transposed" if meant.transposed else ""
        if not (isolated or chained).verdict.healthy:
            wrong = value if isolated_value is None else isolated_value
            note = self._equals(layer, wrong) or note
        return structs.replace(
            said,
            reference_place=step and step.place,
            reference=describe(self._recordings.rounded(layer)[meant.index]),
            chained=chained,
            isolated=isolated,
            note=note,
        )

    def _meant(self, probe: Probe, value: Tensor) -> Iterator[Meant]:
        """What a variable's values are in the layout of the candidate's, if they fit."""
        recording = self._recordings.of(probe.layer)
        rounded = self._recordings.rounded(probe.layer)
        for index in recording.variables[probe.variable]:
            exact, near = recording.values[index].squeeze(), rounded[index].squeeze()
            same = exact.shape == value.shape
            for axes in [None] if same else reorderings(exact.shape, value.shape):
                yield Meant(index, measure_reference(exact, near, axes), not same)

    def _isolated(self, layer: str, computed: LazyValue) -> Tensor | None:
        """The value with the layer on the reference's own input."""
        truth = self._truths[layer]
        if computed.isolated is None or truth.isolated is None:
            return None
        isolated = computed.isolated()
        argument = laid_out(
            truth.isolated.argument, isolated.shape, truth.axes_back, truth.axes
        )
        if list(argument.shape) != isolated.shape:
            return None
        return isolated.value(argument, aside(isolated, self._truths))

    def _equals(self, layer: str, value: Tensor) -> str:
        """What a value that is not the one it should be is instead, if anything."""
        recording, rounded = self._recordings.of(layer), self._recordings.rounded(layer)
        named = (index for _, index in recording.bound)
        sought = (
            Sought.of(recording.name(index), recording.values[index], rounded[index])
            for index in dict.fromkeys([*named, *map(ValueId, range(len(rounded)))])
            if rounded[index].is_floating_point()
        )
        return next((str(match) for match in find(value, sought)), "")


def _measure(value: Tensor, meant: Meant) -> Divergence:
    """A probe may name a value that the port widens on purpose: any dtype is right."""
    dtype = str(value.dtype).removeprefix("torch.")
    return compare(value.squeeze(), meant.truth, dtype)[1]


def _error(divergence: Divergence) -> float:
    return float("inf") if divergence.rel_l2 is None else divergence.rel_l2
