"""Builds the candidate's graph, with every value that the debugger looks at as an output.

A graph shows nothing of its inside: what is no output is gone once it has run. So the
source is executed once more than production does, under a hook that MAX calls for every
layer, and each layer's result becomes an output of the graph. For the interpreter, which
looks into layers, each layer's input and every probe do, too. No source is changed for
that.

`Traced.outputs` says what each output is, in the graph's order:
``Result("blocks.0.attn")``, ``FirstInput("blocks.0.attn")``, or a `Probe`. Whoever runs
the graph puts names to its values with `Traced.named`.
"""

import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from max.driver import Buffer, Device
from max.dtype import DType
from max.graph import DeviceRef, Graph, TensorType, TensorValue
from torch import Tensor

from debug.candidate import max_internals
from debug.candidate.buffers import content_digest, to_buffer
from debug.candidate.probe import listening
from debug.candidate.source import Source
from debug.candidate.source_lines import calling_line, definition
from debug.protocol.diagnostic import Problem
from debug.protocol.values import Place
from debug.subject import Candidate, LayerName, Subject, argument_of, model_of

T = TypeVar("T")


@dataclass(frozen=True)
class Result:
    """What a layer returns; of several values the first."""

    layer: str


@dataclass(frozen=True)
class FirstInput:
    """The first tensor that a layer is called with."""

    layer: str


@dataclass(frozen=True)
class Probe:
    """A value that the source names, and the reference's variable that it should be."""

    layer: str
    variable: str
    place: Place | None
    is_tensor: bool

    @property
    def name(self) -> str:
        return f"{self.layer}.{self.variable}"


Output = Result | FirstInput | Probe


@dataclass(frozen=True)
class Traced:
    """A graph whose outputs are the layers' values."""

    graph: Graph
    outputs: Mapping[Output, TensorType]
    """What the graph returns, in its order."""
    probes: Sequence[Probe]
    """All that the source names; those that are no tensors are no outputs."""
    places: dict[str, Place]
    """The source line that calls each layer."""
    argument: Buffer
    argument_digest: str
    """Of its content: the same input is a new buffer in every generation."""
    weights: dict[str, Buffer]

    @property
    def layers(self) -> dict[str, TensorType]:
        """The type of each layer's result, in order of computation."""
        found = self.outputs.items()
        return {of.layer: kind for of, kind in found if isinstance(of, Result)}

    @property
    def inputs(self) -> dict[str, TensorType]:
        """The type of each layer's first input, where those are outputs."""
        found = self.outputs.items()
        return {of.layer: kind for of, kind in found if isinstance(of, FirstInput)}

    def named(self, values: Sequence[T]) -> dict[Output, T]:
        """What the graph returned, by what each value is."""
        return dict(zip(self.outputs, values, strict=True))


def build(
    subject: Subject, source: Source, layers: Sequence[LayerName], with_inputs: bool
) -> tuple[Candidate, Traced]:
    """The candidate, and its graph with these layers as outputs.

    Args:
        subject: what the candidate is of.
        source: the candidate's source, executed.
        layers: the model itself is one of them.
        with_inputs: whether layers' inputs and probes are outputs, too.

    Raises:
        Problem: the source does not give a graph; says where.
    """
    try:
        candidate = subject.candidate(source.module)
    except Problem:
        raise
    except Exception as error:
        raise Problem.of("graph", error, source.names, path=subject.graph) from error
    argument = candidate.inputs[argument_of(subject).name]
    device, dtype = subject.device, subject.dtype
    taps = Taps(candidate.module, layers, source.names, with_inputs)
    return candidate, trace(candidate, taps, argument.contiguous(), dtype, device)


class Taps:
    """Notes each value that is to be an output while the source builds the graph."""

    def __init__(
        self,
        module: Any,
        layers: Sequence[LayerName],
        files: Collection[str],
        with_inputs: bool,
    ) -> None:
        """
        Args:
            module: the candidate.
            layers: those to look for; the model itself is one of them.
            files: the candidate's source files, in which errors and layers are placed.
            with_inputs: whether layers' inputs and probes are outputs, too.
        """
        self.model = model_of(layers).name
        self.files, self._with_inputs = files, with_inputs
        self._names = {id(m): prefix.rstrip(".") for prefix, m in module.named_modules()}
        self._names[id(module)] = self.model
        self._wanted = {layer.name for layer in layers}
        self._results: dict[Output, TensorValue] = {}
        self._inputs: dict[Output, TensorValue] = {}
        self._probes: dict[Probe, TensorValue | None] = {}
        self.places: dict[str, Place] = {}

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Hears every layer and probe, and gives each operation its source line."""

        def line() -> tuple[str, int] | None:
            place = calling_line(sys._getframe(1), self.files)
            return None if place is None else (place.path, place.line)

        with (
            max_internals.layer_hook(self._layer_called),
            max_internals.locating(line),
            listening(self._probe_passed),
        ):
            yield

    def _layer_called(self, layer: Any, args: Any, kwargs: Any, output: Any) -> None:
        name = self._names.get(id(layer))
        value = first_value(output)
        if name not in self._wanted or name is None or value is None:
            return
        if max_internals.is_inside():
            return
        self._results[Result(name)] = value
        given = first_value([*args, *kwargs.values()])
        if given is not None:
            self._inputs[FirstInput(name)] = given
        if place := calling_line(sys._getframe(1), self.files):
            self.places[name] = place

    def _probe_passed(self, name: str, x: Any) -> None:
        frame = sys._getframe(1)
        around = [self._names.get(id(each)) for each in max_internals.layers_around(frame)]
        within = [each for each in around if each is not None and each in self._wanted]
        meant = about(name, within, self._wanted, self.model)
        if meant is not None:
            value = None if max_internals.is_inside() else first_value(x)
            place = calling_line(frame, self.files)
            self._probes[Probe(*meant, place, value is not None)] = value

    @property
    def probes(self) -> list[Probe]:
        return list(self._probes)

    def outputs(self) -> dict[Output, TensorValue]:
        """Every value to be returned, by what it is."""
        if not self._with_inputs:
            return self._results
        tensors = {p: value for p, value in self._probes.items() if value is not None}
        return {**self._results, **self._inputs, **tensors}


def trace(
    candidate: Candidate, taps: Taps, argument: Tensor, dtype: DType, device: Device
) -> Traced:
    """Builds the graph with every value that is tapped as an output.

    Args:
        candidate: the port, loaded.
        taps: what is to be an output.
        argument: the input of the model, of the shape that the graph is built for.
        dtype: the precision of the graph's argument.
        device: where the graph's argument lives.

    Raises:
        Problem: the source raised, or no graph came of it.
    """
    module = candidate.module
    buffer = to_buffer(argument, dtype, device)
    kinds: dict[Output, TensorType] = {}

    def forward(x: Any) -> list[TensorValue]:
        if first_value(module(x.tensor)) is None:
            place = definition(module)
            path, line = (place.path, place.line) if place else (None, None)
            raise Problem("graph", no_tensor(module), path, line)
        outputs = taps.outputs()
        kinds.update({output: value.type for output, value in outputs.items()})
        return list(outputs.values())

    input_type = TensorType(dtype, buffer.shape, DeviceRef.from_device(device))
    try:
        with taps.listening():
            graph = Graph("candidate", forward, input_types=[input_type])
    except Problem:
        raise
    except Exception as error:
        raise Problem.of("graph", error, taps.files) from error
    if place := definition(module):
        taps.places.setdefault(taps.model, place)
    return Traced(
        graph,
        kinds,
        taps.probes,
        taps.places,
        buffer,
        content_digest(argument),
        dict(candidate.weights),
    )


def about(
    name: str, around: Sequence[str], layers: Collection[str], model: str
) -> tuple[str, str] | None:
    """The layer and the variable that a probe means.

    None for a layer other than the one whose call is being traced: both share the code.

    Args:
        name: as the source has it.
        around: the layers that are being traced, innermost first.
        layers: all of them.
        model: the one that all others belong to.
    """
    layer, _, variable = name.rpartition(".")
    innermost = around[0] if around else model
    if not layer:
        return innermost, variable

    def within(one: str, other: str) -> bool:
        return other == model or f"{one}.".startswith(f"{other}.")

    meant = layer not in layers or within(layer, innermost) or within(innermost, layer)
    return (layer, variable) if meant else None


def first_value(output: Any) -> TensorValue | None:
    """A layer that returns several values is known by its first, as in PyTorch."""
    if isinstance(output, tuple | list):
        return next((v for each in output if (v := first_value(each)) is not None), None)
    return output if isinstance(output, TensorValue) else None


def no_tensor(module: Any) -> str:
    name = type(module).__name__
    return f"{name} returned no tensor: return the model's output from its __call__"
