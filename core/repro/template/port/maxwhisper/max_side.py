"""The port's side: the whole port is traced, and what does not belong to the layer falls
away, for what enters the layer is given, and only what it returns is asked for."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from max.driver import CPU, Accelerator, Buffer
from max.dtype import DType
from max.engine import InferenceSession
from max.graph import DeviceRef, Graph, StaticDim, SymbolicDim, TensorType, TensorValue
from torch import Tensor
from torch.utils import _pytree as pytree

from .buffers import to_buffer, to_torch
from .port import Port
from .weights import adapted, fitting

Change = Callable[[Any, Any], Any]


class MaxSide:
    """A port's layer on values that are given."""

    def __init__(
        self, port: Port, inputs: Sequence[Tensor], build: Any, device: str, dtype: str
    ) -> None:
        """
        Args:
            port: what the port's file says.
            inputs: what the whole port is called with.
            build: of metrics.json.
            device: of metrics.json, such as ``cpu`` or ``gpu 0``.
            dtype: what the port computes in.
        """
        self._port, self._inputs, self._build = port, inputs, build
        kind, _, number = device.partition(" ")
        self._device = CPU() if kind == "cpu" else Accelerator(int(number))
        self._dtype, self._place = DType[dtype], DeviceRef.from_device(self._device)

    def run(self, argument: Tensor | None, aside: Sequence[Tensor]) -> Tensor:
        """The layer, compiled, on the reference's values."""
        build = self._build
        given = [self._buffer(each) for each in self._inputs]
        if argument is not None:
            given.append(self._buffer(argument, build["argument"]["dtype"]))
        for value, each in zip(aside, build["aside"], strict=True):
            given.append(self._buffer(value, each["value"]["dtype"]))
        types = [TensorType(each.dtype, each.shape, self._place) for each in given]
        with _bound(build["sizes"]):
            graph, weights = self._graph(types)
        session = InferenceSession(devices=[self._device])
        model = session.load(graph, weights_registry=weights)
        results = [to_torch(each) for each in model.execute(*given)]
        value = torch.cat(results, -1) if len(results) > 1 else results[0]
        channels = build["channels"]
        return value if channels is None else value[..., channels]

    def _buffer(self, value: Tensor, dtype: str | None = None) -> Buffer:
        """A value in a precision; else in the port's, or whole numbers as they are."""
        own = DType[str(value.dtype).removeprefix("torch.")]
        usual = self._dtype if value.is_floating_point() else own
        return to_buffer(value, DType[dtype] if dtype else usual, self._device)

    def _graph(self, types: Sequence[TensorType]) -> tuple[Graph, dict[str, Buffer]]:
        """The graph that gives the layer's results, and the weights that it asks for."""
        if self._build["is_v3"]:
            from .max_v3 import V3

            return V3(self._port, self._device, self._dtype).graph(
                types, self._results_of, self._weights
            )
        module = self._port.candidate(self._place, self._dtype)
        declared = module.raw_state_dict()
        weights = self._weights(declared)
        module.load_state_dict(weights)
        named = {name.rstrip("."): each for name, each in module.named_modules()}

        def forward(*given: Any) -> list[Any]:
            values = [each.tensor for each in given]
            return self._results_of({**named, "": module}, values, (TensorValue,))

        return Graph("layer", forward, input_types=types), weights

    def _weights(self, declared: Mapping[str, Any]) -> dict[str, Buffer]:
        values = fitting(declared, adapted(self._port))
        return {
            # On the host: the graph itself moves them.
            name: to_buffer(values[name], each.dtype, CPU())
            for name, each in declared.items()
        }

    # -- While the port is traced ------------------------------------------------------

    def _results_of(
        self, modules: Mapping[str, Any], given: Sequence[Any], kinds: tuple[type, ...]
    ) -> list[Any]:
        """Calls the port, and returns what its layer returned.

        Args:
            modules: the port's, by name; its own is empty.
            given: the graph's inputs: those of the port, then what enters the layer.
            kinds: what tensors are to the port.
        """
        build, results = self._build, {}
        arguments, more = given[: len(self._inputs)], list(given[len(self._inputs) :])
        start = None if build["argument"] is None else more.pop(0)
        replaced: list[Any] = []

        def tensors(values: Any) -> list[Any]:
            return [x for x in pytree.tree_leaves(values) if isinstance(x, kinds)]

        def enter(values: Any) -> Any:
            """The layer's first tensor is replaced, wherever it is handed over."""
            found = tensors(values)
            if start is None or not found:
                return values
            replaced[:] = replaced or found[:1]
            return pytree.tree_map(lambda x: start if x is replaced[0] else x, values)

        for each, value in zip(build["aside"], more, strict=True):

            def leave(output: Any, value: Any = value) -> Any:
                first = tensors(output)[0]
                return pytree.tree_map(lambda x: value if x is first else x, output)

            _watch(modules[each["module"]], each["call"], lambda given: given, leave)
        for name in build["modules"]:

            def keep(output: Any, name: str = name) -> Any:
                results[name] = tensors(output)[0]
                return output

            _watch(modules[name], build["call"], enter, keep)
        modules[""](*arguments)
        return [results[name] for name in build["modules"]]


def _watch(
    module: Any, call: int, enter: Callable[[Any], Any], leave: Callable[[Any], Any]
) -> None:
    """Changes what one of the calls of a module takes and returns.

    It stays the object that it is, of a class under its own.
    """
    own, calls = type(module), [0]

    def watched(self: Any, *args: Any, **kwargs: Any) -> Any:
        calls[0] += 1
        if calls[0] != call:
            return own.__call__(self, *args, **kwargs)
        args, kwargs = enter((args, kwargs))
        return leave(own.__call__(self, *args, **kwargs))

    module.__class__ = type(own.__name__, (own,), {"__call__": watched})


@contextmanager
def _bound(sizes: Mapping[str, int]) -> Iterator[None]:
    """A port may name dimensions: each name stands for its size while it is traced."""
    before = SymbolicDim.to_mlir

    def to_mlir(self: Any) -> Any:
        known = self.name in sizes
        return StaticDim(sizes[self.name]).to_mlir() if known else before(self)

    SymbolicDim.to_mlir = to_mlir
    try:
        yield
    finally:
        SymbolicDim.to_mlir = before
