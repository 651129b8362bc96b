"""Modules of `max.experimental.nn`, which MAX calls V3: the experimental API they take.

Such a module holds tensors, not weights of a graph. For a graph it is copied, with a name
in each tensor's place, and called within a context in which its tensors are values of that
graph. `Module.trace` does the same; here the copy is at hand, so that its calls are known.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

from max import tree
from max.driver import Device
from max.dtype import DType
from max.experimental import functional, realization_context, tensor
from max.experimental.nn import Module, _weight_utils
from max.graph import Graph, TensorValue

NEEDED = [
    (Module, "forward"),
    (_weight_utils, "_ExternalWeight"),
    (_weight_utils, "_RECORDED"),
    (realization_context, "GraphRealizationContext"),
    (tensor, "realization_context"),
    (functional, "lazy"),
]
"""What the installed MAX must have."""


def is_v3(module: Any) -> bool:
    return isinstance(module, Module)


@contextmanager
def defaults(device: Device, dtype: DType) -> Iterator[None]:
    """Where a V3 module puts tensors of which it does not say more, and how precise.

    MAX itself would take a GPU that it finds, and bfloat16 there.
    """
    with tensor.default_device(device), tensor.default_dtype(dtype):
        yield


@contextmanager
def constructing(device: Device, dtype: DType) -> Iterator[None]:
    """What a module is constructed under, of whichever kind.

    A V3 module draws its first weights by running kernels, which takes minutes where they
    have to be compiled. Nobody needs them, so they are put off, as MAX's pipelines do.
    """
    with functional.lazy(), defaults(device, dtype):
        yield


def declared(held: Any, path: str) -> Any:
    """A V3 module as a graph needs it: a copy whose weights have names, but no values.

    One that is so already is returned as it is.

    Args:
        held: the module, or a container that holds some.
        path: what the names begin with.
    """
    external = _weight_utils._ExternalWeight
    if all(isinstance(each, external) for each in weights(held).values()):
        return held
    copy = tree.map(external.like, held, leaf=tensor.Tensor, shared=True)
    for name, weight in weights(copy).items():
        weight.name = weight.name or (f"{path}.{name}" if path else name)
    return copy


def modules(values: Any, kind: type = Module) -> dict[str, Any]:
    """The modules of a kind that V3 modules or containers hold, by their paths.

    What stands at two paths has the first, and so have its weights.
    """
    return tree.nodes(values, kind, shared=True)


def weights(values: Any) -> dict[str, Any]:
    """The tensors that V3 modules or containers hold, by their paths."""
    return tree.paths(values, leaf=tensor.Tensor, shared=True)


def weights_read(graph: Graph) -> Collection[str]:
    """The names of the weights that a graph has used."""
    return _weight_utils._RECORDED.get(graph, {}).keys()


@contextmanager
def calling(module: Any, device: Device, dtype: DType) -> Iterator[Callable[..., Any]]:
    """How a module is called with values of the graph that is being built."""

    def call(*values: TensorValue) -> Any:
        lift = tensor.Tensor.from_graph_value if is_v3(module) else lambda value: value
        return module(*(lift(value) for value in values))

    context = realization_context.GraphRealizationContext(Graph.current)
    with tensor.realization_context(context), context, defaults(device, dtype):
        yield call


def graph_value(x: Any) -> TensorValue | None:
    """What a tensor of either kind of modules is in the graph that is being built."""
    if isinstance(x, tensor.Tensor):
        return TensorValue(x)
    return x if isinstance(x, TensorValue) else None
