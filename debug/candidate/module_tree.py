"""A candidate's modules and weights, of whichever of MAX's two kinds they are.

`max.nn` has modules whose weights are part of one graph. Those of `max.experimental.nn`,
which MAX calls V3, hold tensors; for a graph they are copied, with names in the tensors'
place. `tree_of` tells which kind it is.
"""

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, cast

from max.driver import Buffer, Device
from max.dtype import DType

from debug.candidate import max_internals

OWN_BLOCKS = ("max.nn", "max.experimental", "max.graph", "max.driver", "builtins")
"""Where MAX's own building blocks are, which are nobody's port."""

Declared = dict[str, tuple[tuple[int, ...], DType]]
"""The shape and dtype of every weight, by name."""


class ModuleTree(Protocol):
    """A module with its submodules by name."""

    root: Any
    """The module that a graph is built of."""
    modules: dict[str, Any]
    """By dotted name; the root's own is empty."""

    @property
    def declared(self) -> Declared: ...

    def load(self, weights: Mapping[str, Buffer]) -> None:
        """Takes values for all that is declared."""
        ...


class NnTree:
    """A tree of `max.nn.Module`."""

    def __init__(self, module: Any) -> None:
        self.root = module
        named = {prefix.rstrip("."): each for prefix, each in module.named_modules()}
        self.modules: dict[str, Any] = {**named, "": module}

    @property
    def declared(self) -> Declared:
        return {
            name: (tuple(int(size) for size in weight.shape), weight.dtype)
            for name, weight in self.root.raw_state_dict().items()
        }

    def load(self, weights: Mapping[str, Buffer]) -> None:
        self.root.load_state_dict(dict(weights))


class V3Tree:
    """A tree of `max.experimental.nn.Module`; its root is the copy for one graph."""

    def __init__(self, module: Any) -> None:
        self.root = max_internals.declared(module)
        self.modules = max_internals.v3_modules(self.root)

    @property
    def declared(self) -> Declared:
        return {
            name: (tuple(int(size) for size in weight.shape), weight.dtype)
            for name, weight in max_internals.v3_weights(self.root).items()
        }

    def load(self, weights: Mapping[str, Buffer]) -> None:
        """Nothing is copied: the graph asks for its weights by these names when it runs."""
        assert weights.keys() == self.declared.keys()


def tree_of(module: Any) -> ModuleTree:
    return V3Tree(module) if max_internals.is_v3(module) else NnTree(module)


def construct(make: Callable[[], Any], device: Device, dtype: DType) -> ModuleTree:
    """The modules that a function makes, for a device and a precision."""
    with max_internals.constructing(device, dtype):
        return tree_of(make())


def input_types(module: Any) -> Sequence[Any]:
    """What a module says that it is called with; nothing, if it does not."""
    declared = getattr(module, "input_types", None)
    return list(cast(Sequence[Any], declared())) if callable(declared) else []


def packages(tree: ModuleTree) -> set[str]:
    """The packages that the modules' classes come from, without MAX's own blocks."""
    names = {type(each).__module__ for each in tree.modules.values()}
    outside = {
        name
        for name in names
        if not any(f"{name}.".startswith(f"{own}.") for own in OWN_BLOCKS)
    }
    return {sys.modules[n].__package__ or n for n in outside if n in sys.modules}
