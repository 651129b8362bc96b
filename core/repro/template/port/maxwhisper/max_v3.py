"""Modules of `max.experimental.nn`, which hold tensors and are copied for a graph."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from max import tree
from max.driver import Buffer, Device
from max.dtype import DType
from max.experimental import functional
from max.experimental.nn import Module
from max.experimental.tensor import Tensor, default_device, default_dtype
from max.graph import DeviceRef, Graph, TensorType, TensorValue

from .port import Port


class Whole(Module):
    """The port, called with what enters the layer as well."""

    def __init__(self, port: Any, results_of: Callable[..., list[Any]]) -> None:
        self.port, self._results_of = port, [results_of]

    def forward(self, *given: Any) -> list[Any]:
        modules = tree.nodes(self.port, Module, shared=True)
        return self._results_of[0]({**modules, "": self.port}, given, (Tensor, TensorValue))


class V3:
    """A port of such modules."""

    def __init__(self, port: Port, device: Device, dtype: DType) -> None:
        self._device, self._dtype = device, dtype
        # Nobody needs the weights that it draws, which takes kernels.
        with functional.lazy(), self._defaults():
            self._module = port.candidate(DeviceRef.from_device(device), dtype)

    def graph(
        self,
        types: Sequence[TensorType],
        results_of: Callable[..., list[Any]],
        weights_of: Callable[[Mapping[str, Any]], dict[str, Buffer]],
    ) -> tuple[Graph, dict[str, Buffer]]:
        """The graph that gives the layer's results, and the weights that it asks for."""
        weights = weights_of(tree.paths(self._module, leaf=Tensor, shared=True))
        with self._defaults():
            staged = Whole(self._module, results_of).trace(*types)
        return staged.graph, {f"port.{name}": each for name, each in weights.items()}

    @contextmanager
    def _defaults(self) -> Iterator[None]:
        with default_device(self._device), default_dtype(self._dtype):
            yield
