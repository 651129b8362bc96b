"""Kernels that are reshaped where their axes should change places."""

from itertools import permutations

import pytest
import torch.nn.functional as F
from recordings import causes_of, numbers
from torch import Tensor

OUT, IN, TAPS = 4, 5, 3
X, KERNEL = numbers(1, IN, 9), numbers(OUT, IN, TAPS, seed=1)


def right(layer: object, x: Tensor) -> Tensor:
    return F.conv1d(x, layer.weight, padding=1)  # pyright: ignore


@pytest.mark.parametrize("read", [*permutations(range(3))][1:])
def test_a_kernel_that_is_read_in_another_order_is_named(read: tuple[int, ...]):
    def wrong(layer: object, x: Tensor) -> Tensor:
        shape = [KERNEL.shape[axis] for axis in read]
        back = [read.index(axis) for axis in range(3)]
        kernel = layer.weight.reshape(shape).permute(back)  # pyright: ignore
        return F.conv1d(x, kernel, padding=1)

    first, *_ = causes_of(right, wrong, X, weight=KERNEL)
    assert "reshaped where axes should change places" in first


def test_a_kernel_with_other_numbers_is_not():
    def wrong(layer: object, x: Tensor) -> Tensor:
        return F.conv1d(x, layer.weight.sin(), padding=1)  # pyright: ignore

    found = causes_of(right, wrong, X, weight=KERNEL)
    assert not any("reshaped" in text for text in found)
