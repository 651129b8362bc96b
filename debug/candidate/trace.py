"""Builds the candidate's graph and notes where each layer's value appears in it."""

import hashlib
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from max.driver import Buffer, Device
from max.dtype import DType
from max.graph import DeviceRef, Graph, TensorType, TensorValue
from torch import Tensor

from debug.candidate import max_internals
from debug.candidate.probe import listening
from debug.protocol.diagnostic import Problem
from debug.protocol.values import Place
from debug.reference.call_sites import calling_place
from debug.subject import Candidate, LayerName


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


@dataclass(frozen=True)
class Traced:
    """A graph whose outputs are the layers' values."""

    graph: Graph
    layers: dict[str, TensorType]
    """The layer of each output, in order of computation, with its type."""
    arguments: dict[str, TensorType]
    """The layers whose arguments follow as outputs, with the arguments' types."""
    probes: list[Probe]
    """Those that are tensors follow as outputs, if arguments do."""
    places: dict[str, Place]
    """The source line that calls each layer."""
    argument: Buffer
    argument_digest: str
    """Of its content: the same input is a new buffer in every generation."""
    weights: dict[str, Buffer]


def trace(
    candidate: Candidate,
    layers: Sequence[LayerName],
    files: Collection[str],
    dtype: DType,
    device: Device,
    with_arguments: bool,
) -> Traced:
    """Builds the graph with every named layer as an output.

    Args:
        candidate: the port, loaded.
        layers: the names to look for; the last one is the model itself.
        files: the candidate's source files, in which errors and layers are placed.
        dtype: the precision of the graph's argument.
        device: where the graph's argument lives.
        with_arguments: whether what each layer is fed and what is probed are outputs, too.

    Raises:
        Problem: the source raised, or no graph came of it.
    """
    module = candidate.module
    names = {id(m): prefix.rstrip(".") for prefix, m in module.named_modules()}
    names[id(module)] = layers[-1].name
    wanted = {layer.name for layer in layers}
    values: dict[str, TensorValue] = {}
    arguments: dict[str, TensorValue] = {}
    places: dict[str, Place] = {}

    def record(layer: Any, args: Any, kwargs: Any, output: Any) -> None:
        name = names.get(id(layer))
        value = first_value(output)
        if name in wanted and value is not None:
            values[name] = value
            argument = first_value([*args, *kwargs.values()])
            if with_arguments and argument is not None:
                arguments[name] = argument
            if place := calling_place(sys._getframe(1), files):
                places[name] = place

    probes: dict[Probe, TensorValue | None] = {}

    def note(name: str, x: Any) -> None:
        frame = sys._getframe(1)
        around = [names.get(id(layer)) for layer in max_internals.layers_around(frame)]
        meant = about(name, [each for each in around if each in wanted], layers)
        if meant is not None:
            value = first_value(x)
            place = calling_place(frame, files)
            probes[Probe(*meant, place, value is not None)] = value

    value = list(candidate.inputs.values())[-1].contiguous()
    argument = to_buffer(value, dtype, device)
    input_type = TensorType(dtype, argument.shape, DeviceRef.from_device(device))

    def forward(x: Any) -> list[TensorValue]:
        if first_value(module(x.tensor)) is None:
            raise Problem("graph", no_tensor(module), *definition(module))
        probed = [v for v in probes.values() if v is not None and with_arguments]
        return [*values.values(), *arguments.values(), *probed]

    lines = max_internals.locating(partial(line_of, files))
    try:
        with max_internals.layer_hook(record), lines, listening(note):
            graph = Graph("candidate", forward, input_types=[input_type])
    except Problem:
        raise
    except Exception as error:
        raise Problem.of("graph", error, files) from error
    path, line = definition(module)
    if path is not None and line is not None:
        places.setdefault(layers[-1].name, Place(path, line))
    return Traced(
        graph,
        {name: value.type for name, value in values.items()},
        {name: value.type for name, value in arguments.items()},
        list(probes),
        places,
        argument,
        content_digest(value),
        dict(candidate.weights),
    )


def about(
    name: str, around: Sequence[str], layers: Sequence[LayerName]
) -> tuple[str, str] | None:
    """The layer and the variable that a probe means.

    None for a layer other than the one whose call is being traced: both share the code.

    Args:
        name: as the source has it.
        around: the layers that are being traced, innermost first.
        layers: all of them; the last one is the model.
    """
    layer, _, variable = name.rpartition(".")
    model = layers[-1].name
    innermost = around[0] if around else model
    if not layer:
        return innermost, variable

    def within(one: str, other: str) -> bool:
        return other == model or f"{one}.".startswith(f"{other}.")

    unknown = all(layer != each.name for each in layers)
    meant = unknown or within(layer, innermost) or within(innermost, layer)
    return (layer, variable) if meant else None


def first_value(output: Any) -> TensorValue | None:
    """A layer that returns several values is known by its first, as in PyTorch."""
    if isinstance(output, tuple | list):
        return next((v for each in output if (v := first_value(each)) is not None), None)
    return output if isinstance(output, TensorValue) else None


def line_of(files: Collection[str]) -> tuple[str, int] | None:
    """The candidate's line that is being traced."""
    place = calling_place(sys._getframe(1), files)
    return None if place is None else (place.path, place.line)


def no_tensor(module: Any) -> str:
    name = type(module).__name__
    return f"{name} returned no tensor: return the encoder's output from its __call__"


def definition(module: Any) -> tuple[str | None, int | None]:
    code = getattr(getattr(type(module).__call__, "__wrapped__", None), "__code__", None)
    return (code.co_filename, code.co_firstlineno) if code else (None, None)


def content_digest(value: Tensor) -> str:
    return hashlib.blake2b(value.numpy().tobytes(), digest_size=16).hexdigest()


def to_buffer(value: Tensor, dtype: DType, device: Device) -> Buffer:
    """A tensor of PyTorch as a buffer of MAX on its device, in the graph's precision."""
    narrowed = value.to(getattr(torch, dtype.name)).contiguous()
    return Buffer.from_dlpack(narrowed).to(device)
