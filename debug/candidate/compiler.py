"""Runs a traced graph as production does: compiled as a whole, every layer an output.

It takes minutes for a graph that MAX has not seen, so nothing that a person waits for
goes this way: it confirms what the interpreter has shown. No layer can run in isolation
here, and no value be replaced.
"""

from collections.abc import Callable, Mapping

from max.driver import Buffer, Device
from max.engine import InferenceSession
from max.graph import Graph

from debug.candidate import emulation, max_internals
from debug.candidate.buffers import to_torch
from debug.candidate.interpreter import LazyValue
from debug.candidate.taps import Result
from debug.candidate.trace import Traced
from debug.protocol.diagnostic import Problem, first_line


def in_place(graph: Graph, weights: Mapping[str, Buffer]) -> dict[str, Buffer]:
    """Weights on the devices on which a graph expects them, for a session.

    `max.nn` declares every weight on the host, and the graph itself moves it to a GPU.
    """
    kinds = {
        name: kind
        for op in max_internals.body_of(graph).operations
        if (name := max_internals.weight_name(op))
        and (kind := max_internals.tensor_type(op.results[0]))
    }
    return {
        name: buffer.to(kinds[name].device.to_device()) if name in kinds else buffer
        for name, buffer in weights.items()
    }


class Compiler:
    """MAX's compiler and engine: minutes for a new graph, which MAX then keeps on disk."""

    def __init__(self, device: Device, announce: Callable[[str], None]) -> None:
        """``announce`` is told what is being compiled, before it is."""
        self._session = InferenceSession(devices=[device])
        self._announce = announce
        self._runs = 0

    def load(self, traced: Traced, injected: Mapping[str, Buffer]) -> dict[str, LazyValue]:
        """The layers by name. The whole graph is compiled and runs once, here.

        Args:
            traced: the graph.
            injected: must be empty, for nothing can be replaced within this graph.

        Raises:
            Problem: the graph does not compile, or its execution failed.
        """
        assert not injected
        self._announce("the whole graph")
        try:
            weights = in_place(traced.graph, traced.weights)
            model = self._session.load(traced.graph, weights_registry=weights)
            outputs = model.execute(*traced.arguments)
        except Exception as error:
            message = f"MAX can't compile or run the graph: {first_line(error)}"
            if narrow := emulation.narrow_in(traced.graph):
                which = " and ".join(narrow)
                message = f"{message.rstrip('.')}; --engine interpret emulates {which}"
            raise Problem("compile", message, detail=str(error)) from error

        def value(number: int, buffer: Buffer) -> LazyValue:
            return LazyValue(f"run {self._runs}.{number}", lambda: to_torch(buffer))

        self._runs += 1
        named = enumerate(traced.named(outputs).items())
        return {
            output.layer: value(number, buffer)
            for number, (output, buffer) in named
            if isinstance(output, Result)
        }
