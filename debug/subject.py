"""What the debugger asks of a model: the only way in which it meets one.

A `Subject` has a reference in PyTorch, a source file from which the candidate is built,
the names of the layers that both have, and the inputs that both get. It may also say what
the model's result is used for (`HasOutcome`). Another model is one new file, such as
``examples/two_layers/subject.py``; ``docs/own-model.md`` walks through it.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol, cast, runtime_checkable

import torch
from max import nn
from max.driver import Buffer, Device
from max.dtype import DType

from debug.protocol.diagnostic import Problem
from debug.protocol.values import Outcome


@dataclass(frozen=True)
class Input:
    """A value that comes before the first layer, such as the samples or the spectrogram."""

    name: str
    exact: torch.Tensor
    """In float64, computed in float64."""
    reference: torch.Tensor
    """The same in float32, as the reference takes it."""
    is_argument: bool = False
    """Whether it is the one that the model is called with."""


@dataclass(frozen=True)
class Candidate:
    """One load of the port: its module with the weights in place, and its inputs."""

    module: nn.Module
    weights: Mapping[str, Buffer]
    inputs: Mapping[str, torch.Tensor]
    """By the names of the subject's inputs."""
    names: Mapping[str, str] = field(default_factory=dict)
    """The module of a layer, as a dotted name, where it is not the layer's own."""


@dataclass(frozen=True)
class LayerName:
    name: str
    axes: tuple[int, ...] | None = None
    """The permutation that brings the reference's value into the candidate's layout."""
    parent: str | None = None
    """The layer that it is a part of; None for the model itself."""
    heads: int | None = None
    """How many heads of attention the channels belong to, one after the other."""

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
        """In order of computation; one of them is what the model is called with."""
        ...

    def reference(self) -> torch.nn.Module:
        """The reference in float32 on the CPU, in evaluation mode."""
        ...

    def run_reference(self, module: torch.nn.Module, x: torch.Tensor) -> None:
        """Runs the reference, or a copy of it in another dtype, for its hooks."""
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


def argument_of(subject: Subject) -> Input:
    """The input that the model is called with."""
    return next(value for value in subject.inputs if value.is_argument)


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
