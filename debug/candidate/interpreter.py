"""Runs a traced graph operation by operation, and nothing twice.

A value is computed when it is asked for, from the nearest ones that are kept under their
digests (see `debug.candidate.program`). So stepping computes one layer and nothing after
it, and an edit costs what depends on it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

import torch
from max.driver import Buffer

from debug.candidate import max_internals, max_kernels
from debug.candidate.buffers import Tokens, to_buffer, to_torch
from debug.candidate.kept_values import KeptValues
from debug.candidate.max_internals import ValueKey
from debug.candidate.preparation import prepare
from debug.candidate.program import Program
from debug.candidate.taps import Probe
from debug.candidate.trace import Traced
from debug.protocol.diagnostic import Diagnostic


@dataclass(frozen=True)
class IsolatedLayer:
    """A layer as a function of its input."""

    digest: str
    """Of all that the value is computed from besides the input."""
    shape: list[int]
    """The input's."""
    value: Callable[..., torch.Tensor]
    """Computes the layer of an argument of that shape and of what enters from aside, by
    layer, and brings it to the CPU."""
    aside: Mapping[str, list[int]] = field(default_factory=dict)
    """The layers whose results enter it from aside, with the results' shapes."""


@dataclass(frozen=True)
class LazyValue:
    """A value of the candidate that is computed when it is asked for."""

    digest: str
    """Of what the value is computed from; equal digests, equal values."""
    value: Callable[[], torch.Tensor]
    """Computes it, if it has not been, and brings it to the CPU."""
    isolated: Callable[[], IsolatedLayer] | None = None
    """Found when it is asked for, so that no reload waits; None where the layer's input is
    not known."""


class Runner(Protocol):
    """One way of running a graph."""

    def load(self, traced: Traced, injected: Mapping[str, Buffer]) -> dict[str, LazyValue]:
        """The layers that the graph computes, by name; ``injected`` values replace some."""
        ...


class Interpreter:
    """MAX's interpreter, one layer at a time on demand."""

    def __init__(self, announce: Callable[[str], None]) -> None:
        """``announce`` is told the name of a kernel that must be compiled first."""
        self._announce = announce
        self._tokens = Tokens()
        self.kept = KeptValues()
        """What was computed and may be used again, by digest."""
        self.program: Program | None = None
        """Of the last graph that was loaded."""
        self.refused: list[Diagnostic] = []
        """What can't be run of it, each at its line."""
        self.emulated: list[str] = []
        """The precisions that are emulated in it, by name."""

    def load(self, traced: Traced, injected: Mapping[str, Buffer]) -> dict[str, LazyValue]:
        """The layers by name; each is computed when its value is asked for.

        Args:
            traced: the graph.
            injected: by layer, values that replace what the graph computes.

        An operation that can't be run is in ``refused``, and what depends on it raises a
        `Problem` when it is asked for.
        """
        max_internals.lower(traced.graph)
        prepared = prepare(traced, self._announce)
        self.refused, self.emulated = prepared.refused, prepared.emulated
        self.program = program = Program(traced, self._tokens, injected, prepared.runners)
        self.kept.only(program.digests)
        return {name: self.of(name, program) for name in program.layers}

    def of(self, layer: str, program: Program) -> LazyValue:
        """A layer of a program, where that has it now."""
        key = program.layers[layer]

        def value() -> torch.Tensor:
            with max_kernels.announcing_kernels(self._announce):
                return to_torch(program.own_value(key, self.kept))

        return LazyValue(program.own_digest(key), value, self._isolated_in(layer, key))

    def probed(self, probe: Probe) -> LazyValue | None:
        """What a probe names in the last graph that was loaded, if it is a tensor."""
        program = self.program
        if program is None or probe not in program.probes:
            return None
        key = program.probes[probe]

        def value() -> torch.Tensor:
            with max_kernels.announcing_kernels(self._announce):
                return to_torch(program.evaluate_aside(key, self.kept))

        return LazyValue(program.digest[key], value, self._isolated_in(probe.layer, key))

    def _isolated_in(self, layer: str, key: ValueKey) -> Callable[[], IsolatedLayer] | None:
        """A value as a function of a layer's input, where that is known."""
        program = self.program
        if program is None or layer not in program.inputs:
            return None
        return partial(self._isolated, program, layer, key)

    def _isolated(self, program: Program, layer: str, key: ValueKey) -> IsolatedLayer:
        layer_input = program.inputs[layer]
        outside = program.outside(layer)
        route = program.flow.route(layer_input.key, key, outside)

        def value(
            given: torch.Tensor, aside: Mapping[str, torch.Tensor] | None = None
        ) -> torch.Tensor:
            start = _in_place_of(layer_input.key, given)
            from_aside = {
                name: _in_place_of(route.aside[name], each)
                for name, each in (aside or {}).items()
            }
            with max_kernels.announcing_kernels(self._announce):
                return to_torch(
                    program.evaluate_isolated(route, start, self.kept, from_aside)
                )

        digest, shapes = program.digest_isolated(route), _shapes(route.aside)
        return IsolatedLayer(digest, layer_input.shape, value, shapes)


def _in_place_of(key: ValueKey, given: torch.Tensor) -> Buffer:
    """A value as a buffer of the type that the graph has there."""
    kind = max_internals.tensor_type(key)
    assert kind is not None
    return to_buffer(given, kind.dtype, kind.device.to_device())


def _shapes(keys: Mapping[str, ValueKey]) -> dict[str, list[int]]:
    kinds = {name: max_internals.tensor_type(key) for name, key in keys.items()}
    return {
        name: [int(size) for size in kind.shape]
        for name, kind in kinds.items()
        if kind is not None
    }
