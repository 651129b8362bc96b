"""What the debugger asks of a model: the only way in which it meets one.

A `Subject` has a reference in PyTorch, a source file from which the candidate is built,
the names of the layers that both have, and the inputs that both get. It may also say what
the model's result is used for (`HasOutcome`). Another model is one new file, such as
``examples/two_layers/subject.py``; ``docs/writing-a-subject.md`` walks through it.
"""

import importlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, cast, runtime_checkable

import torch
from max.driver import Buffer, Device
from max.dtype import DType

from debug.protocol.diagnostic import Problem
from debug.protocol.values import POSITION, Outcome, PairedLayer, Place, UnpairedModule


@dataclass(frozen=True)
class Input:
    """A value that comes before the first layer, such as the samples or the spectrogram."""

    name: str
    exact: torch.Tensor
    """In float64, computed in float64."""
    reference: torch.Tensor
    """The same in float32, as the reference takes it."""
    is_argument: bool = False
    """Whether the model is called with it."""
    compared: bool = True
    """Whether the candidate gets the same, so that it has a row."""


@dataclass(frozen=True)
class CalledModule:
    """A call of one of the candidate's modules, as it was traced."""

    name: str
    """Dotted, from the candidate's root; the root's own is empty."""
    call: int
    """Which of the calls of this module it is, from 1."""
    shape: tuple[int, ...]
    """Of the first value that it returned."""


@dataclass(frozen=True)
class Counterpart:
    """Where a layer's value is on the candidate's side."""

    modules: tuple[str, ...]
    """Dotted names; the results of several are joined along the last axis."""
    call: int = 1
    channels: tuple[int, ...] | None = None
    """The channels of the module's result that are the layer's, if not all are."""
    scale: float = 1.0
    """How many times the layer's value the module gives."""
    begins: str | None = None
    """The reference's module before the layer that this one computes, too."""


@dataclass(frozen=True)
class Alignment:
    """Which layer is what on the candidate's side."""

    layers: "Sequence[LayerName]"
    """Those that are compared, in order of computation."""
    counterparts: Mapping[str, Counterpart]
    """By layer; one that the candidate lacks is missing here."""
    pairs: Sequence[PairedLayer] = ()
    """The same for a person to read, and to argue with."""
    unpaired: Sequence[UnpairedModule] = ()


@dataclass(frozen=True)
class Candidate:
    """One load of the port: its module with the weights in place, and its inputs."""

    module: Any
    """A `max.nn.Module`, or a `max.experimental.nn.Module`."""
    weights: Mapping[str, Buffer]
    inputs: Mapping[str, torch.Tensor]
    """By the names of the subject's inputs."""
    arguments: Sequence[torch.Tensor] | None = None
    """What the module is called with, where that is not what the reference is."""
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Of the symbolic dimensions that the source names."""
    align: "Callable[[Sequence[CalledModule], Collection[str]], Alignment] | None" = None
    """Which modules are which layers, where names do not say so; by the modules that were
    called, and the names of the weights that were used, if that is known."""
    files: Collection[str] = ()
    """Source files of the port outside its folder, such as an architecture of MAX."""
    names: Mapping[str, str] = field(default_factory=dict)
    """The module of a layer, as a dotted name, where it is not the layer's own."""
    uncompared: Sequence[str] = ()
    """The arguments that are none of the subject's inputs, as a person knows them."""


@dataclass(frozen=True)
class LayerName:
    name: str
    axes: tuple[int, ...] | None = None
    """The permutation that brings the reference's value into the candidate's layout."""
    parent: str | None = None
    """The layer that it is a part of; None for the model itself."""
    heads: int | None = None
    """How many heads of attention the channels belong to, one after the other."""
    module: str | None = None
    """The reference's module where it has another name, as a second call of one has."""
    call: int = 1
    """Which of the module's calls it is."""
    shape: tuple[int, ...] | None = None
    """The candidate's, where it joins axes or leaves out some of size 1."""
    begins: str | None = None
    """The reference's module before it that the candidate computes with it, as a
    convolution with which a norm was folded."""

    @property
    def path(self) -> str:
        """The dotted name of the reference's module."""
        return self.name if self.module is None else self.module

    @property
    def is_model(self) -> bool:
        return self.parent is None


class Subject(Protocol):
    @property
    def title(self) -> str:
        """What the screen calls the model."""
        ...

    @property
    def audio(self) -> str:
        """What the screen calls the input."""
        ...

    @property
    def graph(self) -> Path:
        """The source file of the candidate."""
        ...

    @property
    def device(self) -> Device: ...

    @property
    def dtype(self) -> DType: ...

    @property
    def layers(self) -> Sequence[LayerName]:
        """In order of computation, with the model itself, which all others are parts of."""
        ...

    @property
    def inputs(self) -> Sequence[Input]:
        """In order of computation; some of them are what the model is called with."""
        ...

    def reference(self) -> torch.nn.Module:
        """The reference in float32 on the CPU, in evaluation mode."""
        ...

    def run_reference(self, module: torch.nn.Module, *arguments: torch.Tensor) -> None:
        """Runs the reference, or a copy of it in another dtype, for its hooks.

        Args:
            module: the reference or the copy.
            arguments: the inputs that are arguments, in that dtype and in their order.
        """
        ...

    def candidate(self, source: ModuleType) -> Candidate:
        """Builds the port from its freshly executed source.

        Raises:
            Problem: the source has no such model, or its weights do not fit.
        """
        ...


def model_of(layers: Sequence[LayerName]) -> LayerName:
    """The layer that is the model itself."""
    return next(layer for layer in layers if layer.is_model)


def arguments_of(subject: Subject) -> list[Input]:
    """The inputs that the model is called with."""
    return [value for value in subject.inputs if value.is_argument]


def compared_in(subject: Subject) -> list[str]:
    """The names of the inputs that have a row."""
    return [value.name for value in subject.inputs if value.compared]


def arguments_in(subject: Subject, dtype: torch.dtype) -> list[torch.Tensor]:
    """What the reference is called with, in a precision; integers stay as they are."""
    return [in_precision(value.reference, dtype) for value in arguments_of(subject)]


def in_precision(value: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """A tensor in another precision, if it is one of floating point numbers."""
    return value.to(dtype) if value.is_floating_point() else value


@runtime_checkable
class HasAlignment(Protocol):
    """A subject whose layers are known for good only when the candidate was traced."""

    @property
    def libraries(self) -> Collection[str]:
        """Packages outside the source's folder that the candidate is made of."""
        ...

    def adopt(self, alignment: Alignment) -> None:
        """Takes over the layers of a generation that was loaded."""
        ...


def libraries_of(subject: Subject) -> Collection[str]:
    """The packages outside the source's folder that are read again with a save."""
    return subject.libraries if isinstance(subject, HasAlignment) else ()


@runtime_checkable
class NamesRows(Protocol):
    """A subject that knows what the rows of its values are, the axis before the last."""

    def row(self, shape: Sequence[int]) -> str:
        """What one row of a value is: a frame of sound, or a token."""
        ...


def row_of(subject: Subject, shape: Sequence[int]) -> str:
    """What one row of a value is called."""
    return subject.row(shape) if isinstance(subject, NamesRows) else POSITION


@runtime_checkable
class HasUnits(Protocol):
    """A subject that knows what lies between two places of an axis, such as a time."""

    def unit(self, axis: str, size: int) -> tuple[float, str] | None:
        """How much of what: (0.02, "s") of the frames of sound; None where nobody knows.

        Args:
            axis: what one place is called, such as ``frame``.
            size: how many there are.
        """
        ...


@runtime_checkable
class MakesInputs(Protocol):
    """A subject that knows how its inputs are made, and what people do wrong in that."""

    def made_otherwise(
        self, name: str, with_too: str = ""
    ) -> Iterator[tuple[str, torch.Tensor]]:
        """What an input would be if it was made with a mistake, each with its words; of
        the exact value's shape, in float64.

        Args:
            name: of the input.
            with_too: the words of a mistake that is made besides.
        """
        ...

    def axes_of_input(self, name: str) -> Sequence[str]:
        """What one place of each axis longer than one is called, such as a frame."""
        ...

    def place_of_input(self, name: str) -> Place | None:
        """The port's own line that makes it, if the port makes it."""
        ...


@runtime_checkable
class CastsWeights(Protocol):
    """A subject whose reference brings its weights to the precision of what it is given,
    as openai's Whisper does. Of any other a copy is made in that precision."""

    @property
    def casts_weights(self) -> bool: ...


@runtime_checkable
class KnowsReference(Protocol):
    """A subject that can tell when its reference would compute the same again, so that
    what it has computed can be kept."""

    def follows_from(self) -> str:
        """All that the reference's values follow from but its inputs: its code and the
        contents of its weights, as a hash."""
        ...


def bytes_of(tensor: torch.Tensor) -> memoryview:
    """A tensor's values, row by row, for a hash."""
    flat = tensor.detach().contiguous().view(-1)
    return flat.view(torch.uint8).numpy().data


@runtime_checkable
class HasWarnings(Protocol):
    """A subject that knows why its results may say little."""

    @property
    def warnings(self) -> Sequence[str]:
        """Each in one line: what is so, and what to do."""
        ...


def warnings_of(subject: Subject) -> Sequence[str]:
    """What is to be said before any layer is compared."""
    return subject.warnings if isinstance(subject, HasWarnings) else ()


@runtime_checkable
class HasOutcome(Protocol):
    """A subject whose result is used for something."""

    def outcome(
        self, reference: torch.Tensor, candidate: torch.Tensor, pause: Callable[[], None]
    ) -> Outcome:
        """What follows from the model's result on either side, both in float32.

        Args:
            pause: to be called often; what it raises must get through.
        """
        ...


@dataclass(frozen=True)
class Options:
    """What a person asked for on the command line."""

    values: Mapping[str, Any] = field(default_factory=dict)

    def text(self, name: str, default: str) -> str:
        value = self.values.get(name)
        return default if value is None else str(value)

    def number(self, name: str, default: float) -> float:
        value = self.values.get(name)
        return default if value is None else float(value)


def load_subject(factory: str, options: Options) -> Subject:
    """Opens a subject by the name of its factory, such as ``core.whisper:open_subject``.

    Raises:
        Problem: the factory can't be found, or what it was asked for can't be opened.
    """
    module_name, _, attribute = factory.partition(":")
    try:
        factory_function = getattr(importlib.import_module(module_name), attribute)
    except (ImportError, AttributeError) as error:
        message = (
            f"there is no subject {factory}: {error}; give it as package.module:function"
        )
        raise Problem("model", message) from error
    return cast(Callable[[Options], Subject], factory_function)(options)
