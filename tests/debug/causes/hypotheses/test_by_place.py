"""Positions that PyTorch's code does not have: rotary, and a bias by distance."""

import pytest
import torch
from recordings import numbers
from torch import Tensor

from debug.causes.hypotheses.axes import Axis
from debug.causes.hypotheses.by_place import added_by_distance, turned_by_place

HEADS, FRAMES, WIDTH = 2, 9, 8
ROWS = [Axis(0, "head"), Axis(1, "frame"), Axis(2, "channel")]
SCORES = [Axis(0, "head"), Axis(1, "query"), Axis(2, "key")]
Q, QK = numbers(HEADS, FRAMES, WIDTH), numbers(HEADS, FRAMES, FRAMES, seed=1)
FAR = (torch.arange(FRAMES)[:, None] - torch.arange(FRAMES)[None, :]).abs().double()


def turned(x: Tensor, base: float = 10000.0, halves: bool = True) -> Tensor:
    angles = torch.arange(FRAMES)[:, None] * base ** (-torch.arange(0, WIDTH, 2) / WIDTH)
    cos, sin = angles.double().cos(), angles.double().sin()
    a, b = x.chunk(2, -1) if halves else (x[..., ::2], x[..., 1::2])
    pairs = a * cos - b * sin, b * cos + a * sin
    return torch.cat(pairs, -1) if halves else torch.stack(pairs, -1).flatten(-2)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (turned(Q), "base 10000, pairs of halves"),
        (turned(Q, halves=False), "base 10000, pairs of neighbours"),
        (turned(Q, base=500000.0), "base 500000, pairs of halves"),
    ],
)
def test_rotary_positions_are_named(wrong: Tensor, said: str):
    [found] = turned_by_place(wrong, Q, ROWS)
    assert found.about("q") == f"q is turned by rotary positions ({said})"
    assert torch.allclose(found.transform(Q), wrong)


def test_keys_may_have_their_channels_before_their_frames():
    [found] = turned_by_place(turned(Q).mT, Q.mT, [ROWS[0], ROWS[2], ROWS[1]])
    assert torch.allclose(found.transform(Q.mT), turned(Q).mT)


def test_a_value_of_the_same_length_is_not_turned():
    assert not [*turned_by_place(Q.flip(1), Q, ROWS)]


def test_the_slope_of_each_head_is_said():
    slopes = torch.tensor([-0.5, -0.25])[:, None, None]
    [found] = added_by_distance(QK + slopes * FAR, QK, SCORES)
    expected = "a number by head (-0.5, -0.25) times the distance of query and key"
    assert found.about("qk") == f"{expected} is added to qk"


def test_other_numbers_by_distance_are_said_to_be_that():
    [found] = added_by_distance(QK + FAR.square(), QK, SCORES)
    assert "depend on the distance of query and key alone" in found.said
    assert found.vague


def test_what_does_not_depend_on_the_distance_is_passed_over():
    assert not [*added_by_distance(QK + numbers(FRAMES, FRAMES, seed=3), QK, SCORES)]
