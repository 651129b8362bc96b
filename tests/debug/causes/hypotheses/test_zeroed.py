"""What is zero or hidden in the candidate alone."""

import pytest
import torch
from recordings import numbers
from torch import Tensor

from debug.causes.hypotheses.axes import Axis
from debug.causes.hypotheses.zeroed import hidden_places

SIZE = 9
RIGHT = numbers(2, SIZE, SIZE)
AXES = [Axis(0, "head"), Axis(1, "query"), Axis(2, "key")]
CHUNK = torch.arange(SIZE) // 4
BEYOND = torch.arange(SIZE)[None, :] - torch.arange(SIZE)[:, None]


def said_of(hidden: Tensor, lowest: float = -1e9) -> str:
    wrong = RIGHT.masked_fill(hidden, lowest)
    (fit,) = hidden_places(wrong, RIGHT, AXES)
    assert torch.equal(fit.transform(RIGHT), wrong)
    return fit.about("qk")


@pytest.mark.parametrize(
    ("hidden", "text"),
    [
        (BEYOND > 0, "the keys after each query of qk are hidden (a causal mask)"),
        (BEYOND > 2, "all keys of qk beyond +2 from the query are hidden"),
        (
            CHUNK[:, None] != CHUNK[None, :],
            "each query of qk sees the keys of its own chunk of 4 only, "
            "the others are hidden",
        ),
        (BEYOND < 0, "the keys before each query of qk are hidden (a triangular mask)"),
        (
            BEYOND.abs() > 2,
            "all keys of qk but -2 to +2 from the query are hidden (a band)",
        ),
        (
            (torch.arange(SIZE) > 5).expand(SIZE, SIZE),
            "keys 6 to 8 of qk are hidden by a mask",
        ),
        (
            (torch.arange(SIZE) == 3)[:, None].expand(SIZE, SIZE),
            "query 3 of qk is hidden by a mask",
        ),
    ],
)
def test_a_mask_is_named_by_what_it_hides(hidden: Tensor, text: str):
    assert said_of(hidden) == text


def test_a_mask_by_zeros_is_found_too():
    assert said_of(BEYOND > 0, 0.0).endswith("(a causal mask)")


def test_where_nothing_is_hidden_no_mask_is_seen():
    assert list(hidden_places(RIGHT + 1, RIGHT, AXES)) == []


def test_zeros_among_larger_numbers_are_dropout_that_was_left_on():
    lost = numbers(2, SIZE, SIZE, seed=3) < -1
    found = next(hidden_places(RIGHT.masked_fill(lost, 0.0) / 0.9, RIGHT, AXES))
    assert found.about("x").endswith(
        "of x is zero and the rest is multiplied by 1.111, as dropout does"
    )
