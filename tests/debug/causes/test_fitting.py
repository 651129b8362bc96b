"""Fits of what a candidate has, within the search."""

from typing import Any

import torch
import torch.nn.functional as F
from recordings import causes_of, numbers
from torch import Tensor

FRAMES, WIDTH = 20, 16
X = numbers(1, FRAMES, WIDTH)
WEIGHTS = {"weight": numbers(WIDTH, WIDTH, seed=1), "bias": numbers(WIDTH, seed=2)}


def linear(m: Any, x: Tensor) -> Tensor:
    return F.linear(x, m.weight, m.bias)


def test_channels_that_are_copied_before_the_bias_are_named():
    def wrong(m: Any, x: Tensor) -> Tensor:
        y = x @ m.weight.T
        return torch.cat([y[..., :4], y[..., :4], y[..., 8:]], -1) + m.bias

    found = causes_of(linear, wrong, X, **WEIGHTS)
    product = "the product before bias is added"
    assert found[0] == f"channels 4 to 7 of {product} are copies of channels 0 to 3"


def test_a_weight_on_a_grid_is_named():
    def wrong(m: Any, x: Tensor) -> Tensor:
        return x @ (torch.round(m.weight * 10) / 10).T + m.bias

    assert causes_of(linear, wrong, X, **WEIGHTS)[0] == (
        "weight is rounded to multiples of 0.1"
    )


def test_another_table_is_said_to_be_other_numbers():
    table = {"positions": numbers(FRAMES, WIDTH, seed=5)}
    other = table["positions"] + 0.5 * numbers(FRAMES, WIDTH, seed=6)
    found = causes_of(
        lambda m, x: (x + m.positions).tanh(), lambda m, x: (x + other).tanh(), X, **table
    )
    assert found[0].startswith("other numbers, perhaps computed, in place of positions")


def test_the_same_answer_is_given_twice():
    def wrong(m: Any, x: Tensor) -> Tensor:
        return F.linear(x, m.weight, m.bias).clamp(max=1) + 0.1 * x

    one, other = (causes_of(linear, wrong, X, **WEIGHTS) for _ in range(2))
    assert one == other
