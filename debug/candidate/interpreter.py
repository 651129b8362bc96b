"""Runs a traced graph operation by operation, and nothing twice.

A layer whose digest was seen before is not computed again, so an edit costs what lies
behind it and no more.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import torch
from max.driver import CPU, Buffer

from debug.candidate import max_internals
from debug.candidate.max_internals import ValueKey
from debug.candidate.program import Argument, Program, Tokens
from debug.candidate.trace import Probe, Traced, to_buffer
from debug.protocol.diagnostic import Problem


@dataclass(frozen=True)
class IsolatedLayer:
    """A layer as a function of what it is fed."""

    digest: str
    """Of all that the value is computed from beside the argument."""
    shape: list[int]
    """The argument's."""
    value: Callable[[torch.Tensor], torch.Tensor]
    """Computes the layer of an argument of that shape, and brings it to the CPU."""


@dataclass(frozen=True)
class LazyValue:
    """One layer's value."""

    digest: str
    """Of what the value is computed from; equal digests, equal values."""
    value: Callable[[], torch.Tensor]
    """Computes it, if it has not been, and brings it to the CPU."""
    isolated: Callable[[], IsolatedLayer] | None = None
    """Looked for when it is asked for, so that no reload waits; None where no argument is
    known."""


class Interpreter:
    """MAX's interpreter, one layer at a time on demand."""

    def __init__(self, announce: Callable[[str], None]) -> None:
        """``announce`` is told the name of a kernel that must be compiled first."""
        self._announce = announce
        self._tokens = Tokens()
        self.kept: dict[str, Buffer] = {}
        """What was computed and may be used again, by digest."""
        self.program: Program | None = None
        """Of the last graph that was loaded."""

    def load(self, traced: Traced, given: Mapping[str, Buffer]) -> dict[str, LazyValue]:
        """The layers by name; each is computed when its value is asked for.

        Args:
            traced: the graph.
            given: layers in whose place another value goes on.

        Raises:
            Problem: the interpreter has no handler for an operation of the graph.
        """
        max_internals.lower(traced.graph)
        if reason := max_internals.refusal(traced.graph):
            message = f"the interpreter can't run this graph: {reason}"
            raise Problem("interpreter", f"{message}; try --engine compile")
        self.program = program = Program(traced, self._tokens, given)
        self.kept = {d: b for d, b in self.kept.items() if d in program.digests}

        def computed(name: str, key: ValueKey) -> LazyValue:
            def value() -> torch.Tensor:
                with max_internals.announcing_kernels(self._announce):
                    return to_torch(program.own_value(key, self.kept))

            return LazyValue(program.own_digest(key), value, self._isolated_in(name, key))

        return {name: computed(name, key) for name, key in program.layers.items()}

    def probed(self, probe: Probe) -> LazyValue | None:
        """What a probe names in the last graph that was loaded, if it is a tensor."""
        program = self.program
        if program is None or probe not in program.probes:
            return None
        key = program.probes[probe]

        def value() -> torch.Tensor:
            with max_internals.announcing_kernels(self._announce):
                return to_torch(program.evaluate_aside(key, self.kept))

        return LazyValue(program.digest[key], value, self._isolated_in(probe.layer, key))

    def _isolated_in(self, layer: str, key: ValueKey) -> Callable[[], IsolatedLayer] | None:
        """A value as a function of what a layer is fed, where that is known."""
        program = self.program
        if program is None or layer not in program.arguments:
            return None
        return partial(self._isolated, program, program.arguments[layer], key)

    def _isolated(
        self, program: Program, argument: Argument, key: ValueKey
    ) -> IsolatedLayer:
        route = program.route(argument.key, key)

        def value(given: torch.Tensor) -> torch.Tensor:
            fed = to_buffer(given, argument.type.dtype, argument.type.device.to_device())
            with max_internals.announcing_kernels(self._announce):
                return to_torch(program.evaluate_isolated(route, fed, self.kept))

        return IsolatedLayer(program.digest_isolated(route), argument.shape, value)


def to_torch(buffer: Buffer) -> torch.Tensor:
    """A buffer of MAX as a tensor on the CPU, without a copy where it is there already."""
    return torch.from_dlpack(buffer.to(CPU()))
