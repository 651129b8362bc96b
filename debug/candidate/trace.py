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

import numpy as np
from max.driver import Buffer, Device
from max.dtype import DType
from max.graph import DeviceRef, Graph, TensorType, TensorValue, ops
from torch import Tensor

from debug.candidate import max_internals, max_v3
from debug.candidate.buffers import content_digest, to_buffer
from debug.candidate.module_tree import ModuleTree
from debug.candidate.probe import listening
from debug.candidate.source import Source
from debug.candidate.source_lines import calling_line, definition
from debug.protocol.diagnostic import Problem
from debug.protocol.values import Place
from debug.subject import (
    Alignment,
    CalledModule,
    Candidate,
    Counterpart,
    LayerName,
    Subject,
    arguments_of,
    model_of,
)

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
    arguments: Sequence[Buffer]
    argument_digests: Sequence[str]
    """Of their content: the same input is a new buffer in every generation."""
    weights: dict[str, Buffer]
    parents: Mapping[str, str | None]
    """By layer, the one that it is a part of."""
    alignment: Alignment | None = None
    """Which module is which layer, where the subject does not know before."""

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
    arguments = candidate.arguments
    if arguments is None:
        arguments = [candidate.inputs[each.name] for each in arguments_of(subject)]
    source.names.update(candidate.files)
    taps = Taps(candidate, layers, source.names, with_inputs)
    return candidate, trace(candidate, taps, arguments, subject.dtype, subject.device)


class Taps:
    """Notes each value that is to be an output while the source builds the graph."""

    def __init__(
        self,
        candidate: Candidate,
        layers: Sequence[LayerName],
        files: Collection[str],
        with_inputs: bool,
    ) -> None:
        """
        Args:
            candidate: the port, loaded.
            layers: those to look for; the model itself is one of them.
            files: the candidate's source files, in which errors and layers are placed.
            with_inputs: whether layers' inputs and probes are outputs, too.
        """
        self.model = model_of(layers).name
        self.files, self._with_inputs = files, with_inputs
        tree = ModuleTree(candidate.module)
        self.module = tree.root
        self._names = {id(module): name for name, module in tree.modules.items()}
        self.layers, self._align = list(layers), candidate.align
        self._module_of = candidate.names
        self._calls: dict[tuple[str, int], _Call] = {}
        self._passed: list[_Passed] = []
        self._probes: dict[Probe, TensorValue | None] = {}
        self.alignment: Alignment | None = None
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
        if max_internals.is_inside():
            return
        around = max_internals.layers_around(sys._getframe(1))
        if name is None or value is None or sum(each is layer for each in around) > 1:
            return  # a class that calls the one it extends is called once
        number = sum(called == name for called, _ in self._calls) + 1
        given = first_value([*args, *kwargs.values()])
        place = calling_line(sys._getframe(1), self.files)
        self._calls[name, number] = _Call(value, given, place)

    def _probe_passed(self, name: str, x: Any) -> None:
        frame = sys._getframe(1)
        around = (self._names.get(id(each)) for each in max_internals.layers_around(frame))
        modules = [each for each in around if each is not None]
        place = calling_line(frame, self.files)
        value = None if max_internals.is_inside() else first_value(x)
        self._passed.append(_Passed(name, modules, value, place))

    def _resolve_probes(self, counterparts: Mapping[str, Counterpart]) -> None:
        """Which layer each probe is in, once it is known which module is which layer."""
        layer_of = {each.modules[0]: layer for layer, each in counterparts.items()}
        layers = {layer.name for layer in self.layers}
        for passed in self._passed:
            around = [layer_of[each] for each in passed.modules if each in layer_of]
            meant = about(passed.name, around, layers, self.model)
            if meant is not None:
                probe = Probe(*meant, passed.place, passed.value is not None)
                self._probes[probe] = passed.value

    @property
    def probes(self) -> list[Probe]:
        return list(self._probes)

    def outputs(self) -> dict[Output, TensorValue]:
        """Every value to be returned, by what it is. Called when all layers were."""
        results: dict[Output, TensorValue] = {}
        inputs: dict[Output, TensorValue] = {}
        counterparts = self._counterparts()
        self._resolve_probes(counterparts)
        for layer, counterpart in counterparts.items():
            calls = [self._calls.get((m, counterpart.call)) for m in counterpart.modules]
            called = [call for call in calls if call is not None]
            if not called or len(called) < len(calls):
                continue
            results[Result(layer)] = _value_of(called, counterpart)
            if called[0].given is not None:
                inputs[FirstInput(layer)] = called[0].given
            if called[0].place is not None:
                self.places[layer] = called[0].place
        if not self._with_inputs:
            return results
        tensors = {p: value for p, value in self._probes.items() if value is not None}
        return {**results, **inputs, **tensors}

    def _counterparts(self) -> Mapping[str, Counterpart]:
        """What each layer is on this side, in order of computation."""
        if self._align is None:
            names = {**self._module_of, self.model: ""}
            by_name = {names.get(each.name, each.name): each for each in self.layers}
            return {
                by_name[name].name: Counterpart((name,), number)
                for name, number in self._calls
                if name in by_name and by_name[name].call == number
            }
        shapes = {key: call.value.shape for key, call in self._calls.items()}
        called = [
            CalledModule(*key, tuple(int(size) for size in shape))
            for key, shape in shapes.items()
        ]
        self.alignment = self._align(called)
        self.layers = list(self.alignment.layers)
        return self.alignment.counterparts


@dataclass(frozen=True)
class _Call:
    """One call of one of the candidate's modules."""

    value: TensorValue
    given: TensorValue | None
    place: Place | None


@dataclass(frozen=True)
class _Passed:
    """A value that the source names by a probe."""

    name: str
    modules: Sequence[str]
    """Those that are being called, innermost first."""
    value: TensorValue | None
    place: Place | None


def _value_of(calls: Sequence[_Call], counterpart: Counterpart) -> TensorValue:
    """A layer's value: a module's result, some of its channels, or several joined."""
    values = [call.value for call in calls]
    value = values[0] if len(values) == 1 else ops.concat(values, axis=-1)
    channels = counterpart.channels
    if channels is None:
        return value
    first, stop = channels[0], channels[0] + len(channels)
    if channels == tuple(range(first, stop)):
        return value[..., first:stop]
    device = value.device
    index = ops.constant(np.array(channels, np.int64), DType.int64, device)
    return ops.gather(value, index, axis=-1)


def trace(
    candidate: Candidate,
    taps: Taps,
    arguments: Sequence[Tensor],
    dtype: DType,
    device: Device,
) -> Traced:
    """Builds the graph with every value that is tapped as an output.

    Args:
        candidate: the port, loaded.
        taps: what is to be an output.
        arguments: what the model is called with, in the shapes that the graph is built for.
        dtype: the precision of those that are floating point numbers.
        device: where they live.

    Raises:
        Problem: the source raised, or no graph came of it.
    """
    module = taps.module
    arguments = [argument.contiguous() for argument in arguments]
    buffers = [_argument(argument, dtype, device) for argument in arguments]
    kinds: dict[Output, TensorType] = {}
    unknown: Collection[str] = ()

    def forward(*given: Any) -> list[TensorValue]:
        with max_v3.calling(module, device, dtype) as call:
            if first_value(call(*(x.tensor for x in given))) is None:
                place = definition(module)
                path, line = (place.path, place.line) if place else (None, None)
                raise Problem("graph", no_tensor(module), path, line)
            outputs = taps.outputs()
        kinds.update({output: value.type for output, value in outputs.items()})
        return list(outputs.values())

    where = DeviceRef.from_device(device)
    types = [TensorType(buffer.dtype, buffer.shape, where) for buffer in buffers]
    try:
        with taps.listening(), max_internals.binding(candidate.sizes) as unknown:
            graph = Graph("candidate", forward, input_types=types)
    except Problem:
        raise
    except Exception as error:
        raise Problem.of("graph", error, taps.files, _without_size(unknown)) from error
    if place := definition(module):
        taps.places.setdefault(taps.model, place)
    return Traced(
        graph,
        kinds,
        taps.probes,
        taps.places,
        buffers,
        [content_digest(argument) for argument in arguments],
        dict(candidate.weights),
        {layer.name: layer.parent for layer in taps.layers},
        taps.alignment,
    )


def _without_size(names: Collection[str]) -> str:
    """What to say first where a graph failed that has dimensions of no known size."""
    if not names:
        return ""
    return f"nothing says how large the dimensions {', '.join(names)} are (sizes=)"


def _argument(value: Tensor, dtype: DType, device: Device) -> Buffer:
    """An argument on its device: in the graph's precision, or whole numbers as they are."""
    own = DType[str(value.dtype).removeprefix("torch.")]
    return to_buffer(value, dtype if value.is_floating_point() else own, device)


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
    return max_v3.graph_value(output)


def no_tensor(module: Any) -> str:
    name = type(module).__name__
    where = "forward" if max_v3.is_v3(module) else "__call__"
    return f"{name} returned no tensor: return the model's output from its {where}"
