"""A step in another place."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from recordings import causes_of, numbers
from torch import Tensor

FRAMES, WIDTH = 12, 8
X = numbers(1, FRAMES, WIDTH)
POSITIONS = {"positions": numbers(FRAMES, WIDTH, seed=4)}


@pytest.mark.parametrize(
    ("right", "wrong", "text"),
    [
        (
            lambda m, x: F.gelu(x) + m.positions,
            lambda m, x: F.gelu(x + m.positions),
            "gelu comes after the sum with positions instead of before",
        ),
        (
            lambda m, x: F.gelu(x + m.positions),
            lambda m, x: F.gelu(x) + m.positions,
            "gelu is applied to the argument, before the sum of",
        ),
        (
            lambda m, x: F.layer_norm(x + m.positions, (WIDTH,)).tanh(),
            lambda m, x: (F.layer_norm(x, (WIDTH,)) + m.positions).tanh(),
            "layer_norm is applied to the argument, before the sum of",
        ),
        (
            lambda _, x: F.layer_norm(x, (WIDTH,)).mean(1),
            lambda _, x: F.layer_norm(x.mean(1), (WIDTH,)),
            "layer_norm comes after mean instead of before",
        ),
        (
            lambda _, x: x + F.gelu(F.layer_norm(x, (WIDTH,)) * 2).tanh(),
            lambda _, x: x + F.layer_norm(F.gelu(x * 2).tanh(), (WIDTH,)),
            "layer_norm comes after the result of tanh",
        ),
        (
            lambda _, x: F.gelu(x.mean(1)),
            lambda _, x: F.gelu(x).mean(1),
            "gelu is applied to the argument, before mean instead of after",
        ),
    ],
)
def test_a_step_before_or_after_its_neighbour_is_named(
    right: Callable[..., Tensor], wrong: Callable[..., Tensor], text: str
):
    found = causes_of(right, wrong, X, **POSITIONS)
    assert any(each.startswith(text) for each in found), found


def test_the_scale_of_attention_after_softmax_is_one_factor_though_pytorch_has_two():
    def right(_, x: Tensor) -> Tensor:
        scores = (x * 0.5) @ (x.mT * 0.5)
        return torch.softmax(scores, dim=-1) @ x

    def wrong(_, x: Tensor) -> Tensor:
        return torch.softmax(x @ x.mT, dim=-1) * 0.25 @ x

    found = causes_of(right, wrong, numbers(6, 4))
    assert found == ["the factor 0.25 is applied after softmax instead of before"]
