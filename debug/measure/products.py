"""How products of float32 round: a GPU may compute them in TensorFloat-32.

TF32 keeps 10 of float32's 23 bits of mantissa in what is multiplied, and sums in float32.
MAX uses it on NVIDIA's GPUs wherever it can, and has no switch for it. So there a healthy
port is some 500 times as far from PyTorch's float64 as PyTorch's float32 on a CPU, and a
yardstick that does not know of it calls every layer wrong. The yardstick therefore rounds
its own products as the device does (`debug.reference.rounded_products`).

What a device does is measured, not looked up (`debug.candidate.device_products`): kernels
differ, and some cut the bits off where others round.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

import torch
from torch import Tensor

MANTISSA = 10
"""The bits that TF32 keeps."""
BITS_CUT = 23 - MANTISSA


class Operands(StrEnum):
    """What becomes of the numbers that are multiplied."""

    EXACT = "exact"
    ROUNDED = "rounded"
    CUT = "cut"

    def of(self, value: Tensor) -> Tensor:
        """What is multiplied instead of a tensor in float32."""
        if self is Operands.EXACT:
            return value
        bits = value.contiguous().view(torch.int32)
        if self is Operands.ROUNDED:  # half away from zero, as NVIDIA's conversion does
            bits = bits + (1 << (BITS_CUT - 1))
        return (bits & -(1 << BITS_CUT)).view(torch.float32)


_COARSENESS = list(Operands)


def coarsest(*found: Operands) -> Operands:
    return max(found, key=_COARSENESS.index)


@dataclass(frozen=True)
class Products:
    """How a device multiplies what is in float32."""

    matrices: Operands = Operands.EXACT
    """Of a matrix, or of a batch of frames by one."""
    batches: Operands = Operands.EXACT
    """Of a batch of matrices by another, as in attention."""
    convolutions: Operands = Operands.EXACT

    @property
    def exact(self) -> bool:
        return self == Products()

    def used_by(self, has_convolutions: bool) -> "Products":
        """By a port that has operations for its convolutions, or writes them as products
        of matrices."""
        if has_convolutions:
            return self
        return replace(self, convolutions=coarsest(self.convolutions, self.matrices))

    @property
    def said(self) -> str:
        """What a person has to know of them, in a line."""
        named = {
            "products": self.matrices,
            "products of batches": self.batches,
            "convolutions": self.convolutions,
        }
        which = [name for name, how in named.items() if how is not Operands.EXACT]
        return (
            f"this device computes {', '.join(which)} of float32 in TF32, and the "
            "yardstick rounds them so, too: smaller errors in layers that multiply show "
            "with --device cpu only"
        )


EXACT = Products()
