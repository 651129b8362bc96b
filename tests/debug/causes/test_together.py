"""Several mistakes at once."""

import torch.nn.functional as F
from recordings import causes_of, numbers
from torch import Tensor

WIDTH = 6
X, WEIGHT, BIAS = numbers(9, WIDTH), numbers(WIDTH, WIDTH, seed=1), numbers(WIDTH, seed=2)
KERNEL, TAPS = numbers(WIDTH, WIDTH, 3, seed=3), numbers(1, WIDTH, 9, seed=4)


def test_a_bias_that_is_left_out_of_a_product_with_another_weight_is_named_with_it():
    def right(layer: object, x: Tensor) -> Tensor:
        return F.linear(x, layer.weight, layer.bias)  # pyright: ignore

    def wrong(layer: object, x: Tensor) -> Tensor:
        return F.linear(x, layer.weight.T.contiguous())  # pyright: ignore

    first, *_ = causes_of(right, wrong, X, weight=WEIGHT, bias=BIAS)
    assert "weight is not transposed" in first
    assert "bias is left out" in first


def test_two_mistakes_in_one_convolution_are_named():
    def right(layer: object, x: Tensor) -> Tensor:
        return F.conv1d(x, layer.weight, layer.bias, padding=1)  # pyright: ignore

    def wrong(layer: object, x: Tensor) -> Tensor:
        flipped = layer.weight.flip(-1)  # pyright: ignore
        return F.conv1d(x, flipped, padding=1)

    first, *_ = causes_of(right, wrong, TAPS, weight=KERNEL, bias=BIAS)
    assert "flipped" in first or "in reverse" in first
    assert "bias is left out" in first
