"""A port's inputs: tensors of any dtype, in any nesting, beside plain values.

The debugger holds the tensors as a list, for it runs the reference in several precisions;
`Inputs.call` puts them back into their places.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from debug.protocol.values import POSITION
from debug.subject import Input, in_precision

TOKEN = "token"


@dataclass(frozen=True)
class Inputs:
    """What the reference is called with."""

    values: Mapping[str, Any]

    @property
    def named(self) -> dict[str, Tensor]:
        """The tensors by name: ``mask``, or ``cache.0`` within a list."""
        leaves, _ = pytree.tree_flatten_with_path(dict(self.values))
        return {
            ".".join(
                str(getattr(key, "key", getattr(key, "idx", key))) for key in path
            ): leaf
            for path, leaf in leaves
            if isinstance(leaf, Tensor)
        }

    def rows(self, compared: Mapping[str, Any]) -> list[Input]:
        """One for each tensor; ``compared`` are those that the candidate gets as well."""
        return [
            Input(
                name,
                in_precision(value, torch.float64),
                in_precision(value, torch.float32),
                is_argument=True,
                compared=name in compared,
            )
            for name, value in self.named.items()
        ]

    def row(self, shape: Sequence[int]) -> str:
        """What one row of a value is: a token where there is one for each whole number of
        an input, in each row of a batch or in all of them."""
        counts = {
            count
            for value in self.named.values()
            if not value.is_floating_point() and value.ndim
            for count in (value.shape[-1], value.numel())
        }
        is_token = len(shape) > 1 and shape[-2] in counts
        return TOKEN if is_token else POSITION

    def call(self, module: nn.Module, tensors: Sequence[Tensor]) -> None:
        """Calls the reference with other tensors in the places of its own."""
        leaves, spec = pytree.tree_flatten(dict(self.values))
        given = iter(tensors)
        filled = [next(given) if isinstance(leaf, Tensor) else leaf for leaf in leaves]
        module(**pytree.tree_unflatten(filled, spec))


def sizes_of(types: Sequence[Any], arguments: Sequence[Tensor]) -> dict[str, int]:
    """The sizes of the symbolic dimensions that a port declares for its inputs."""
    sizes: dict[str, int] = {}
    for kind, argument in zip(types, arguments, strict=False):
        if len(kind.shape) != argument.ndim:
            continue
        for dim, size in zip(kind.shape, argument.shape, strict=True):
            name = getattr(dim, "name", None)
            if name is not None:
                sizes.setdefault(name, size)
    return sizes
