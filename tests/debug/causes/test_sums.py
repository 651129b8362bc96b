"""The terms of a product's sum."""

import pytest
import torch
from recordings import causes_of, numbers
from torch import Tensor

HEADS, FRAMES, WIDTH = 2, 12, 4
X = numbers(1, HEADS, FRAMES, FRAMES)
VALUES = numbers(1, HEADS, FRAMES, WIDTH, seed=1)


def right(layer: object, x: Tensor) -> Tensor:
    return x.softmax(-1) @ layer.v  # pyright: ignore[reportAttributeAccessIssue]


def summed(weights: Tensor, keys: list[int]) -> Tensor:
    return weights[..., keys] @ VALUES[:, :, keys]


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ([*range(FRAMES - 1)], "11 is left out of the sum"),
        ([*range(5), *range(4, FRAMES)], "4 is more than once in the sum"),
        ([*range(3), *range(5, FRAMES)], "3 to 4 are left out of the sum"),
    ],
)
def test_terms_that_are_lost_or_there_twice_are_named(keys: list[int], text: str):
    first, *_ = causes_of(right, lambda _, x: summed(x.softmax(-1), keys), X, v=VALUES)
    assert first.endswith(text)


def test_a_factor_that_is_shifted_against_the_other_is_named():
    def shifted(_: object, x: Tensor) -> Tensor:
        return x.softmax(-1)[..., :-1] @ VALUES[:, :, 1:]

    first, *_ = causes_of(right, shifted, X, v=VALUES)
    assert "shifted by -1 in the sum" in first


def test_a_product_of_something_else_is_no_other_sum():
    def other(_: object, x: Tensor) -> Tensor:
        return x.softmax(-1) @ torch.tanh(VALUES)

    assert not any("the sum" in text for text in causes_of(right, other, X, v=VALUES))
