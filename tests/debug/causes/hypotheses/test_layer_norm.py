"""The mistakes of a layer norm that is written out."""

import pytest
import torch
import torch.nn.functional as F
from recordings import causes_of, numbers
from torch import Tensor

X = 3 * numbers(6, 16) + 1
WEIGHT, BIAS = 1 + 0.3 * numbers(16, seed=1), numbers(16, seed=2)


def right(layer, x: Tensor) -> Tensor:
    return F.layer_norm(x, (16,), layer.weight, layer.bias, 1e-5)


def norm(x: Tensor, mean_by: float = 16, variance_by: float = 16, eps: float = 1e-5):
    centred = x - x.sum(-1, keepdim=True) / mean_by
    return centred / (centred.square().sum(-1, keepdim=True) / variance_by + eps).sqrt()


def by_power(x: Tensor, power: float) -> Tensor:
    centred = x - x.mean(-1, keepdim=True)
    return centred / (centred.square().mean(-1, keepdim=True) + 1e-5) ** power


def weight_before_variance(layer, x: Tensor) -> Tensor:
    y = (x - x.mean(-1, keepdim=True)) * layer.weight
    return y / (y.square().mean(-1, keepdim=True) + 1e-5).sqrt() + layer.bias


def by_mean_deviation(layer, x: Tensor) -> Tensor:
    centred = x - x.mean(-1, keepdim=True)
    y = centred / centred.abs().mean(-1, keepdim=True)
    return y * layer.weight + layer.bias


def by_mean_square(layer, x: Tensor) -> Tensor:
    y = (x - x.mean(-1, keepdim=True)) / (x.square().mean(-1, keepdim=True) + 1e-5).sqrt()
    return y * layer.weight + layer.bias


def variance_in_bfloat16(layer, x: Tensor) -> Tensor:
    centred = x - x.mean(-1, keepdim=True)
    variance = centred.square().mean(-1, keepdim=True).bfloat16().double()
    return centred / (variance + 1e-5).sqrt() * layer.weight + layer.bias


def deviation_in_bfloat16(layer, x: Tensor) -> Tensor:
    centred = (x - x.mean(-1, keepdim=True)).bfloat16().double()
    root = (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt()
    return centred / root * layer.weight + layer.bias


WRONG = {
    "weight is multiplied before the variance is taken, not after the norm": (
        weight_before_variance
    ),
    "weight is multiplied before the norm, not after it": (
        lambda layer, x: norm(x * layer.weight) + layer.bias
    ),
    "bias is added before the product with weight, not after it": (
        lambda layer, x: (norm(x) + layer.bias) * layer.weight
    ),
    "the mean is divided by n - 1": (
        lambda layer, x: norm(x, mean_by=15) * layer.weight + layer.bias
    ),
    "the variance is divided by n - 1": (
        lambda layer, x: norm(x, variance_by=15) * layer.weight + layer.bias
    ),
    "it is divided by the mean absolute deviation, not the root of the variance": (
        by_mean_deviation
    ),
    "it is divided by the root of the mean square, the mean's included": by_mean_square,
    "the variance in bfloat16": variance_in_bfloat16,
    "what is left of the value without its mean is rounded to bfloat16": (
        deviation_in_bfloat16
    ),
    "the sum of the deviations is squared, where their squares are to be summed": (
        lambda layer, x: (x - x.mean(-1, True)) / 1e-5**0.5 * layer.weight + layer.bias
    ),
    "the mean is taken over the other axis, the variance in each row": (
        lambda layer, x: (
            norm(x - x.mean(-2, True) + 0 * x, mean_by=1e9) * layer.weight + layer.bias
        )
    ),
    "epsilon, 0.01, is added to the root's inverse instead of under it": (
        lambda layer, x: (
            (norm(x, eps=0) + 0.01 * (x - x.mean(-1, True))) * layer.weight + layer.bias
        )
    ),
    "the norm is taken over both axes at once, not in each row": (
        lambda layer, x: F.layer_norm(x, x.shape) * layer.weight + layer.bias
    ),
    "the factor is weight +1, PyTorch's is weight": (
        lambda layer, x: norm(x) * (layer.weight + 1) + layer.bias
    ),
    "bias is added to weight, not to the product with it": (
        lambda layer, x: norm(x) * (layer.weight + layer.bias)
    ),
    "epsilon, 0.001, is added to the quotient instead of under the root": (
        lambda layer, x: (norm(x, eps=0) + 1e-3) * layer.weight + layer.bias
    ),
    "the mean and the variance are divided by 12, PyTorch's by 16": (
        lambda layer, x: norm(x, 12, 12) * layer.weight + layer.bias
    ),
    "the variance is divided by 20, PyTorch's by 16": (
        lambda layer, x: norm(x, 16, 20) * layer.weight + layer.bias
    ),
    "the variance is divided by n - 1; and epsilon is 0.03, PyTorch's is 1e-05": (
        lambda layer, x: norm(x, 16, 15, eps=0.03) * layer.weight + layer.bias
    ),
    "bias is subtracted": lambda layer, x: norm(x) * layer.weight - layer.bias,
    "it is divided by the variance to the power of 0.25, not by its root": (
        lambda layer, x: by_power(x, 0.25) * layer.weight + layer.bias
    ),
    "what was normalised is limited to 1.5 on either side": (
        lambda layer, x: norm(x).clamp(-1.5, 1.5) * layer.weight + layer.bias
    ),
}


@pytest.mark.parametrize("cause", WRONG)
def test_each_mistake_is_named(cause: str):
    assert causes_of(right, WRONG[cause], X, weight=WEIGHT, bias=BIAS)[0] == cause


def test_an_epsilon_that_is_missing_can_not_be_told_from_a_very_small_one():
    def wrong(layer, x: Tensor) -> Tensor:
        return norm(x, eps=0.0) * layer.weight + layer.bias

    found = causes_of(right, wrong, 0.05 * X, weight=WEIGHT, bias=BIAS)
    assert found == ["epsilon is 0, or too small to tell; PyTorch's is 1e-05"]


def test_without_a_weight_none_is_said_to_be_in_another_place():
    def plain(layer, x: Tensor) -> Tensor:
        return F.layer_norm(x, (16,))

    def wrong(layer, x: Tensor) -> Tensor:
        return norm(x, mean_by=15)

    assert causes_of(plain, wrong, X) == ["the mean is divided by n - 1"]
    assert torch.isfinite(norm(X)).all()
