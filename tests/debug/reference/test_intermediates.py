"""What lies within PyTorch's functions, beside PyTorch's own numbers."""

import pytest
import torch
import torch.nn.functional as F
from recordings import Code, numbers, recording_of
from torch import Tensor

from debug.reference.intermediates import intermediates

WIDTH = 4


def within(code: Code, x: Tensor, **weights: Tensor) -> dict[str, Tensor]:
    recording = recording_of(code, x, **weights)
    return dict(intermediates(recording.steps[-1], recording.values))


def test_a_linear_layer_has_a_product_without_its_bias():
    x, weight, bias = numbers(2, 3), numbers(WIDTH, 3, seed=1), numbers(WIDTH, seed=2)
    found = within(lambda m, x: F.linear(x, m.w, m.b), x, w=weight, b=bias)
    product = found["the product without the bias"]
    assert torch.allclose(product + bias, F.linear(x, weight, bias))
    assert torch.equal(found["the weight transposed"], weight.T)


@pytest.mark.parametrize("stride", [1, 2])
def test_a_convolution_is_the_sum_of_a_product_a_tap(stride: int):
    x, weight = numbers(1, 3, 8), numbers(WIDTH, 3, 3, seed=1)
    found = within(lambda m, x: F.conv1d(x, m.w, None, stride, 1), x, w=weight)
    right = F.conv1d(x, weight, None, stride, 1)
    assert torch.allclose(found["the sum of taps 0 to 2"], right)
    assert torch.allclose(sum(found[f"the product of tap {n}"] for n in range(3)), right)  # pyright: ignore[reportArgumentType]
    assert torch.equal(found["tap 1 of the kernel"], weight[:, :, 1])
    assert torch.equal(found["the padded input"], F.pad(x, (1, 1)))


def test_a_grouped_convolution_is_not_taken_apart():
    x, weight = numbers(1, 4, 8), numbers(4, 2, 3, seed=1)
    assert within(lambda m, x: F.conv1d(x, m.w, groups=2), x, w=weight) == {}


def test_a_layer_norm_has_a_mean_a_variance_and_a_norm_without_weights():
    x = 3 * numbers(2, 5) + 1
    weight, bias = numbers(5, seed=1), numbers(5, seed=2)
    found = within(lambda m, x: F.layer_norm(x, (5,), m.w, m.b, 1e-3), x, w=weight, b=bias)
    assert torch.allclose(found["the mean"], x.mean(-1, keepdim=True))
    variance = x.var(-1, correction=0, keepdim=True)
    assert torch.allclose(found["the variance"], variance)
    assert torch.allclose(found["the variance and epsilon"], variance + 1e-3)
    assert torch.allclose(
        found["the standard deviation"] * found["its inverse"], variance**0
    )
    without = found["the norm without weight and bias"]
    by_hand = found["the input without its mean"] * found["its inverse"]
    assert torch.allclose(without, by_hand)
    right = F.layer_norm(x, (5,), weight, bias, 1e-3)
    assert torch.allclose(found["the norm without its bias"] + bias, right)


def test_a_layer_norm_over_two_axes_has_its_mean_over_both():
    x = numbers(2, 3, 5)
    found = within(lambda _, x: F.layer_norm(x, (3, 5)), x)
    assert torch.allclose(found["the mean"], x.mean((1, 2), keepdim=True))
    assert "the norm without its bias" not in found


def test_a_softmax_is_exponentials_over_their_sum():
    x = 5 * numbers(2, 4)
    found = within(lambda _, x: x.softmax(-1), x)
    quotient = found["its exponentials"] / found["their sum"]
    assert torch.allclose(quotient, x.softmax(-1))
    assert found["the input without its largest"].amax() == 0


def test_a_function_that_is_one_operation_everywhere_has_nothing_within():
    assert within(lambda _, x: F.relu(x), numbers(2, 3)) == {}
