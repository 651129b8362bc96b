"""Heads of another size, or split along the other axis."""

import torch.nn.functional as F
from recordings import Code, causes_of, numbers
from torch import Tensor

FRAMES, WIDTH, HEADS = 10, 16, 4
X = numbers(1, FRAMES, WIDTH)


def attention(heads: int, size: int, scale: float) -> Code:
    def split(x: Tensor) -> Tensor:
        return x.view(1, FRAMES, heads, size).permute(0, 2, 1, 3)

    def code(_: object, x: Tensor) -> Tensor:
        q, k, v = split(x), split(x * 0.7), split(x + 0.1)
        w = F.softmax((q * scale) @ (k * scale).mT, dim=-1)
        return (w @ v).permute(0, 2, 1, 3).flatten(2)

    return code


RIGHT = attention(HEADS, 4, 4**-0.25)


def test_another_number_of_heads_is_said_with_their_size():
    wrong = attention(2, 8, 8**-0.25)
    found = causes_of(RIGHT, wrong, X)
    assert found[0] == "2 heads of 8 instead of 4 heads of 4"


def test_a_scale_that_stays_is_said():
    wrong = attention(2, 8, 4**-0.25)
    found = causes_of(RIGHT, wrong, X)
    assert "2 heads of 8 instead of 4 heads of 4, with the scale of 4" in found


def test_heads_that_are_the_faster_axis_are_said():
    def right(_: object, x: Tensor) -> Tensor:
        heads = x.view(1, FRAMES, 2, 8)
        return F.softmax(heads, dim=-1).flatten(2)

    def wrong(_: object, x: Tensor) -> Tensor:
        heads = x.view(1, FRAMES, 8, 2).mT
        return F.softmax(heads, dim=-1).flatten(2)

    found = causes_of(right, wrong, X)
    assert "the 16 channels are split into (8, 2), not heads first" in found


def test_one_of_several_values_whose_heads_are_the_faster_axis_is_named():
    def scores(q: Tensor, k: Tensor) -> Tensor:
        return F.softmax(q.transpose(1, 2) @ k, dim=-1).flatten(2)

    def right(_: object, x: Tensor) -> Tensor:
        q, k = (x * 2).view(1, FRAMES, 2, 8), (x + 1).view(1, FRAMES, 2, 8)
        return scores(q, k.permute(0, 2, 3, 1))

    def wrong(_: object, x: Tensor) -> Tensor:
        q, k = (x * 2).view(1, FRAMES, 2, 8), (x + 1).view(1, FRAMES, 8, 2).mT
        return scores(q, k.permute(0, 2, 3, 1))

    found = causes_of(right, wrong, X)
    assert any("are split into (8, 2), not heads first" in text for text in found)
    assert not any(text.startswith("the 16 channels") for text in found)
