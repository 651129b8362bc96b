"""A candidate's modules and weights, of whichever of MAX's two kinds they are.

`max.nn` has modules whose weights are parts of one graph. Those of `max.experimental.nn`,
which MAX calls V3, hold tensors; for a graph they are copied, with names in the tensors'
place. A module may hold some of the other kind, and they some of the first: `ModuleTree`
consists of parts of one kind each.
"""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from max import nn
from max.driver import Buffer, Device
from max.dtype import DType

from debug.candidate import max_v3
from debug.candidate.source_lines import assignment
from debug.protocol.diagnostic import Problem
from debug.protocol.values import Place

OWN_BLOCKS = ("max.nn", "max.experimental", "max.graph", "max.driver", "builtins")
"""Where MAX's own building blocks are, which are nobody's port."""


def is_module(value: Any) -> bool:
    """Of either kind."""
    return isinstance(value, nn.Module) or max_v3.is_v3(value)


def is_building_block(of: type) -> bool:
    """Whether a module's class is MAX's own."""
    return any(f"{of.__module__}.".startswith(f"{own}.") for own in OWN_BLOCKS)


class ModuleTree:
    """A module with all that it consists of, by name."""

    def __init__(self, module: Any) -> None:
        self._parts = list(_parts_of(module, ""))
        self.root: Any = self._parts[0].root
        """The module that a graph is built of; of a V3 module a copy."""
        self.modules: dict[str, Any] = {}
        """By dotted name; the root's own is empty."""
        for part in self._parts:
            own = {_joined(part.path, name): each for name, each in part.modules.items()}
            self.modules.update(own)

    @property
    def declared(self) -> dict[str, tuple[tuple[int, ...], DType]]:
        """The shape and dtype of every weight, by name."""
        return {
            _joined(part.path, name): (tuple(int(n) for n in weight.shape), weight.dtype)
            for part in self._parts
            for name, weight in part.weights.items()
        }

    def load(self, weights: Mapping[str, Buffer]) -> None:
        """Takes a value for each weight that is declared."""
        for part in self._parts:
            part.load({n: weights[_joined(part.path, n)] for n in part.weights})

    def input_types(self) -> Sequence[Any]:
        """What the module says that it is called with; nothing, if it does not."""
        declared = getattr(self.root, "input_types", None)
        return list(cast(Sequence[Any], declared())) if callable(declared) else []

    def place_of(self, weight: str) -> Place | None:
        """The line that makes a weight, or the block of MAX's that holds it, in a class
        that is none of MAX's own."""
        parts = weight.split(".")
        for count in range(len(parts) - 1, -1, -1):
            module = self.modules.get(".".join(parts[:count]))
            if module is None or is_building_block(type(module)):
                continue
            if place := assignment(type(module), parts[count]):
                return place
        return None

    @property
    def packages(self) -> set[str]:
        """The packages that the modules' classes come from, without MAX's own blocks."""
        classes = {type(each) for each in self.modules.values()}
        outside = {each.__module__ for each in classes if not is_building_block(each)}
        return {sys.modules[n].__package__ or n for n in outside if n in sys.modules}


def construct(make: Callable[[], Any], device: Device, dtype: DType) -> ModuleTree:
    """The modules that a function makes, for a device and a precision.

    Raises:
        Problem: it makes something else.
    """
    with max_v3.constructing(device, dtype):
        made = make()
        if not is_module(made):
            kind = type(made).__name__
            must_be = "a module of max.nn or of max.experimental.nn"
            raise Problem("port", f"candidate= built a {kind}; it must build {must_be}")
        return ModuleTree(made)


@dataclass
class _Nn:
    """Modules of `max.nn` that hang together; names are within the part."""

    root: nn.Module
    path: str
    """The part's own name."""

    @cached_property
    def modules(self) -> Mapping[str, Any]:
        named = self.root.named_modules()
        return {**{prefix.rstrip("."): each for prefix, each in named}, "": self.root}

    @cached_property
    def weights(self) -> Mapping[str, Any]:
        return self.root.raw_state_dict()

    def load(self, weights: Mapping[str, Buffer]) -> None:
        self.root.load_state_dict(dict(weights))
        for name, weight in self.weights.items():
            weight.name = _joined(self.path, name)  # which the graph asks for


@dataclass
class _V3:
    """Modules of `max.experimental.nn`, made ready for a graph."""

    root: Any
    path: str

    @cached_property
    def modules(self) -> Mapping[str, Any]:
        return {**max_v3.modules(self.root), "": self.root}

    @cached_property
    def weights(self) -> Mapping[str, Any]:
        return max_v3.weights(self.root)

    def load(self, weights: Mapping[str, Buffer]) -> None:
        """Nothing is copied: the graph asks for the weights by their names as it runs."""
        assert weights.keys() == self.weights.keys()


def _parts_of(held: Any, path: str) -> Iterator[_Nn | _V3]:
    """What an attribute holds, a module or a container, and the parts below it."""
    if not isinstance(held, nn.Module):
        root = max_v3.declared(held, path)
        yield _V3(root, path)
        for name, each in max_v3.modules(root, nn.Module).items():
            yield from _parts_of(each, _joined(path, name))
        return
    part = _Nn(held, path)
    yield part
    for name, each in part.modules.items():
        for attribute, value in list(vars(each).items()):
            if max_v3.modules(value):
                below = list(_parts_of(value, _joined(path, name, attribute)))
                setattr(each, attribute, below[0].root)
                yield from below


def _joined(*names: str) -> str:
    return ".".join(name for name in names if name)
