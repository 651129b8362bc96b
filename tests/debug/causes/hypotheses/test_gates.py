"""Gated linear units, images in patches, transposed convolutions and joins."""

from collections.abc import Callable

import pytest
import torch.nn.functional as F
from recordings import causes_of, numbers
from torch import Tensor

HALVES = numbers(2, 6, 8)


def gated(function: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    return lambda _, x: function(*x.chunk(2, -1))


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (gated(lambda x, g: g * x.sigmoid()), "the first half is the gate"),
        (gated(lambda x, g: x * F.silu(g)), "SiLU of the gate instead of sigmoid"),
        (gated(lambda x, g: x * g), "the sigmoid of the gate is left out"),
        (
            lambda _, x: x[..., ::2] * x[..., 1::2].sigmoid(),
            "every second channel is the gate",
        ),
    ],
)
def test_another_gate_is_named(wrong: Callable[..., Tensor], said: str):
    found = causes_of(lambda _, x: F.glu(x, -1), wrong, HALVES)
    assert found[0].startswith(said), found


def test_an_image_that_is_reshaped_into_patches_is_named():
    image, weight = numbers(2, 3, 8, 8), numbers(5, 3, 4, 4, seed=1)

    def wrong(m, x: Tensor) -> Tensor:
        return (x.reshape(2, 4, 48) @ m.w.flatten(1).T).mT.reshape(2, 5, 2, 2)

    found = causes_of(lambda m, x: F.conv2d(x, m.w, stride=4), wrong, image, w=weight)
    assert "cut into patches by a reshape alone" in found[0], found


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda w: w.flip(-1), "the kernel is flipped"),
        (lambda w: w.roll(2, -1), "the halves of the kernel change places"),
    ],
)
def test_another_kernel_of_a_transposed_convolution_is_named(edit, said: str):
    x, weight = numbers(2, 3, 5), numbers(3, 4, 4, seed=1)

    def call(m, x: Tensor) -> Tensor:
        return F.conv_transpose1d(x, m.w, stride=2, padding=1)

    def wrong(m, x: Tensor) -> Tensor:
        return F.conv_transpose1d(x, edit(m.w), stride=2, padding=1)

    assert said in causes_of(call, wrong, x, w=weight)


def test_a_one_that_is_not_added_to_a_weight_is_named():
    x, weight = numbers(2, 6, 8), numbers(8, seed=1)
    found = causes_of(lambda m, x: x * (1 + m.w), lambda m, x: x * m.w, x, w=weight)
    assert "1 is not added to w" in found, found
