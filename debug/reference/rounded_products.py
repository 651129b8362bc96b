"""The reference in float32 as a device with TF32 would compute it.

Every product of PyTorch ends in one of a few functions below the level of modules and of
`torch.nn.functional`. There its operands are rounded as the device rounds them
(`debug.measure.products`), whatever the model's code looks like::

    nn.Linear  ->  aten.linear  ->  aten.addmm(bias, TF32(x), TF32(weight))

Attention as one fused function has no such products, so it is taken apart into them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode

from debug.measure.products import Operands, Products

aten = torch.ops.aten


class RoundedProducts(TorchDispatchMode):
    """Rounds the operands of products in float32; other precisions stay as they are."""

    def __init__(self, products: Products) -> None:
        super().__init__()
        first, second = (0, 1), (1, 2)
        self._factors: dict[Any, tuple[Operands, tuple[int, int]]] = {
            aten.mm.default: (products.matrices, first),
            aten.mv.default: (products.matrices, first),
            aten.addmm.default: (products.matrices, second),
            aten.addmv.default: (products.matrices, second),
            aten.bmm.default: (products.batches, first),
            aten.baddbmm.default: (products.batches, second),
            aten.convolution.default: (products.convolutions, first),
        }

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if func in self._factors:
            operands, factors = self._factors[func]
            args = [
                operands.of(each) if number in factors and _in_float32(each) else each
                for number, each in enumerate(args)
            ]
            return func(*args, **kwargs)
        if func._can_decompose():  # in inference mode whole layers arrive here
            with self:
                return func.decompose(*args, **kwargs)
        return func(*args, **kwargs)


def _in_float32(value: Any) -> bool:
    return isinstance(value, Tensor) and value.dtype == torch.float32


@contextmanager
def multiplied_as(products: Products) -> Iterator[None]:
    """What PyTorch computes in float32 meanwhile, it multiplies as a device does."""
    if products.exact:
        yield
        return
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with sdpa_kernel(SDPBackend.MATH), RoundedProducts(products):
            yield
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)
