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

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from max.driver import Buffer, Device
from max.dtype import DType
from max.graph import DeviceRef, Graph, TensorType, TensorValue
from torch import Tensor

from debug.candidate import max_internals, max_v3
from debug.candidate.buffers import content_digest, to_buffer
from debug.candidate.libraries import kept_whole
from debug.candidate.source import Source
from debug.candidate.source_lines import definition
from debug.candidate.taps import (
    WITHOUT_RESULT,
    FirstInput,
    Output,
    Probe,
    Result,
    Taps,
    first_value,
)
from debug.candidate.written_numbers import WrittenNumbers
from debug.protocol.diagnostic import Problem, first_line
from debug.protocol.values import Place
from debug.subject import (
    Alignment,
    Candidate,
    LayerName,
    Subject,
    arguments_of,
)

T = TypeVar("T")


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
    broken: Problem | None = None
    """Why the graph ends before the model does."""
    unseen: Collection[str] = ()
    """Layers that are called within a condition or a loop, of which no value gets out."""
    again: Mapping[str, Place] = field(default_factory=dict)
    """By layer, the line of a call more than the reference has."""
    written: WrittenNumbers | None = None
    """Where the numbers are written with which the modules compute."""

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
    subject: Subject,
    source: Source,
    layers: Sequence[LayerName],
    with_inputs: bool,
    partial: bool = False,
) -> tuple[Candidate, Traced]:
    """The candidate, and its graph with these layers as outputs.

    Args:
        subject: what the candidate is of.
        source: the candidate's source, executed.
        layers: the model itself is one of them.
        with_inputs: whether layers' inputs and probes are outputs, too.
        partial: whether a graph that ends where the source raises is better than none.

    Raises:
        Problem: the source does not give a graph; says where.
    """
    try:
        with kept_whole():
            candidate = subject.candidate(source.module)
    except Problem:
        raise
    except (Exception, SystemExit) as error:
        raise Problem.of("graph", error, source.names, path=subject.graph) from error
    arguments = candidate.arguments
    if arguments is None:
        arguments = [candidate.inputs[each.name] for each in arguments_of(subject)]
    source.names.update(candidate.files)
    taps = Taps(candidate, layers, source.names, with_inputs)
    dtype, device = subject.dtype, subject.device
    return candidate, trace(candidate, taps, arguments, dtype, device, partial)


def trace(
    candidate: Candidate,
    taps: Taps,
    arguments: Sequence[Tensor],
    dtype: DType,
    device: Device,
    partial: bool = False,
) -> Traced:
    """Builds the graph with every value that is tapped as an output.

    Args:
        candidate: the port, loaded.
        taps: what is to be an output.
        arguments: what the model is called with, in the shapes that the graph is built for.
        dtype: the precision of those that are floating point numbers.
        device: where they live.
        partial: whether what raises ends the graph, once a layer was called.

    Raises:
        Problem: the source raised, or no graph came of it.
    """
    module = taps.module
    arguments = [argument.contiguous() for argument in arguments]
    buffers = [_argument(argument, dtype, device) for argument in arguments]
    kinds: dict[Output, TensorType] = {}
    unknown: Collection[str] = ()
    broken: Problem | None = None

    def forward(*given: Any) -> list[TensorValue]:
        nonlocal broken
        with max_v3.calling(module, device, dtype) as call:
            try:
                _called(module, call, given)
            except Exception as error:
                if not partial or not taps.has_heard:
                    raise
                broken = _problem(error, taps, unknown)
            outputs = taps.outputs(is_whole=broken is None)
        kinds.update({output: value.type for output, value in outputs.items()})
        return list(outputs.values())

    where = DeviceRef.from_device(device)
    types = [TensorType(buffer.dtype, buffer.shape, where) for buffer in buffers]
    try:
        binding = max_internals.binding(candidate.sizes)
        with taps.listening(), binding as unknown, kept_whole():
            graph = Graph("candidate", forward, input_types=types)
    except Problem:
        raise
    except Exception as error:
        raise _problem(error, taps, unknown) from error
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
        broken,
        taps.unseen,
        taps.again,
        WrittenNumbers(taps.tree, taps.modules),
    )


def _called(module: Any, call: Callable[..., Any], given: Sequence[Any]) -> None:
    """Has the source build its graph.

    Raises:
        Problem: the model returned no tensor.
    """
    if first_value(call(*(x.tensor for x in given))) is None:
        raise _at_definition(module, no_tensor(module))


def _problem(error: Exception, taps: Taps, unknown: Collection[str]) -> Problem:
    """Why the source gives no graph. Where something took None for a tensor, the module
    that returned it is to blame, and not the line that was given it."""
    if taps.without_result is not None and isinstance(error, TypeError | AttributeError):
        module, kind = taps.without_result
        why = WITHOUT_RESULT[kind].format(_call_of(module))
        message = f"{type(module).__name__} returned {why} ({first_line(error)})"
        return _at_definition(module, message)
    place = definition(taps.module)  # where the line is not known, at least the file
    path = place.path if place else None
    return Problem.of("graph", error, taps.files, _without_size(unknown), path)


def _at_definition(module: Any, message: str) -> Problem:
    place = definition(module)
    path, line = (place.path, place.line) if place else (None, None)
    return Problem("graph", message, path, line)


def _without_size(names: Collection[str]) -> str:
    """What to say first where a graph failed that has dimensions of no known size."""
    if not names:
        return ""
    return f"nothing says how large the dimensions {', '.join(names)} are (sizes=)"


def _argument(value: Tensor, dtype: DType, device: Device) -> Buffer:
    """An argument on its device: in the graph's precision, or whole numbers as they are."""
    own = DType[str(value.dtype).removeprefix("torch.")]
    return to_buffer(value, dtype if value.is_floating_point() else own, device)


def no_tensor(module: Any) -> str:
    name, call = type(module).__name__, _call_of(module)
    return f"{name} returned no tensor: return the model's output from its {call}"


def _call_of(module: Any) -> str:
    """What the function is called in which a module computes."""
    return "forward" if max_v3.is_v3(module) else "__call__"
