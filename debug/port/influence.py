"""Whether the reference's result depends on a layer.

A layer of which a port has nothing may have been computed in some other way: then the
result, which depends on it, is right. Of a layer that nothing depends on, such as a pooler
whose result nobody asks for, a right result says nothing.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.utils._pytree import tree_map

from debug.reference.hooks import first_tensor


def feeds_result(module: nn.Module, run: Callable[[nn.Module], None], layer: str) -> bool:
    """Whether the first tensor that a module returns is another one where what a layer in
    it returns is.

    Args:
        module: in evaluation mode, with the same result every time.
        run: calls it.
        layer: a module within, by its dotted name.
    """

    def changed(_: nn.Module, __: object, output: object) -> object:
        return tree_map(_changed, output)

    before = _result(module, run)
    handle = module.get_submodule(layer).register_forward_hook(changed)
    try:
        after = _result(module, run)
    finally:
        handle.remove()
    if before is None or after is None or before.shape != after.shape:
        return True
    return not torch.equal(before, after)


def _changed(leaf: object) -> object:
    """Other numbers in every place, that no norm after it takes away."""
    if not isinstance(leaf, Tensor) or not leaf.is_floating_point():
        return leaf
    steps = torch.linspace(-1, 1, max(leaf.numel(), 2), dtype=leaf.dtype)[: leaf.numel()]
    return leaf * 1.5 + steps.reshape(leaf.shape)


def _result(module: nn.Module, run: Callable[[nn.Module], None]) -> Tensor | None:
    found: list[Tensor | None] = []

    def keep(_: nn.Module, __: object, output: object) -> None:
        found.append(first_tensor(output))

    handle = module.register_forward_hook(keep)
    try:
        with torch.inference_mode():
            run(module)
    finally:
        handle.remove()
    return found[-1] if found else None
