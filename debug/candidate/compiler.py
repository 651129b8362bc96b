"""Runs a traced graph as production does: compiled as a whole, every layer an output."""

from collections.abc import Callable, Mapping

from max.driver import Buffer, Device
from max.engine import InferenceSession

from debug.candidate.interpreter import LazyValue, to_torch
from debug.candidate.trace import Traced
from debug.protocol.diagnostic import Problem, first_line


class Compiler:
    """MAX's compiler and engine: minutes for a new graph, which MAX then keeps on disk."""

    def __init__(self, device: Device, announce: Callable[[str], None]) -> None:
        """``announce`` is told what is being compiled, before it is."""
        self._session = InferenceSession(devices=[device])
        self._announce = announce
        self._runs = 0

    def load(self, traced: Traced, given: Mapping[str, Buffer]) -> dict[str, LazyValue]:
        """The layers by name. The whole graph is compiled and runs once, here.

        Args:
            traced: the graph.
            given: nothing can go on in a layer's place here, so it must be empty.

        Raises:
            Problem: the graph does not compile, or its execution failed.
        """
        assert not given
        self._announce("the whole graph")
        try:
            model = self._session.load(traced.graph, weights_registry=traced.weights)
            outputs = model.execute(traced.argument)
        except Exception as error:
            message = f"MAX can't compile or run the graph: {first_line(error)}"
            raise Problem("compile", message, detail=str(error)) from error

        def computed(number: int, buffer: Buffer) -> LazyValue:
            return LazyValue(f"run {self._runs}.{number}", lambda: to_torch(buffer))

        self._runs += 1
        pairs = zip(traced.layers, outputs, strict=True)
        return {name: computed(n, b) for n, (name, b) in enumerate(pairs)}
