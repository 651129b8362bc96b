"""A candidate's modules and weights, of whichever of MAX's two kinds they are."""

import sys
from collections.abc import Mapping, Sequence
from typing import Any, cast

from max.driver import Buffer
from max.dtype import DType

OWN_BLOCKS = ("max.nn", "max.experimental", "max.graph", "max.driver", "builtins")
"""Where MAX's own building blocks are, which are nobody's port."""


class ModuleTree:
    """A `max.nn.Module` with its submodules by name."""

    def __init__(self, module: Any) -> None:
        self.root = module
        named = {prefix.rstrip("."): each for prefix, each in module.named_modules()}
        self.modules: dict[str, Any] = {**named, "": module}

    @property
    def declared(self) -> dict[str, tuple[tuple[int, ...], DType]]:
        """The shape and dtype of every weight, by name."""
        return {
            name: (tuple(int(size) for size in weight.shape), weight.dtype)
            for name, weight in self.root.raw_state_dict().items()
        }

    def load(self, weights: Mapping[str, Buffer]) -> None:
        self.root.load_state_dict(dict(weights))

    def input_types(self) -> Sequence[Any]:
        """What the module says that it is called with; nothing, if it does not."""
        declared = getattr(self.root, "input_types", None)
        return list(cast(Sequence[Any], declared())) if callable(declared) else []

    @property
    def packages(self) -> set[str]:
        """The packages that the modules' classes come from, without MAX's own blocks."""
        names = {type(each).__module__ for each in self.modules.values()}
        outside = {
            name
            for name in names
            if not any(f"{name}.".startswith(f"{own}.") for own in OWN_BLOCKS)
        }
        return {sys.modules[n].__package__ or n for n in outside if n in sys.modules}
