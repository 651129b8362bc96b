"""A number typed slightly wrong."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from recordings import causes_of, numbers
from torch import Tensor

from debug.causes.hypotheses.family import best_number

FRAMES, WIDTH = 12, 8
X = 2 * numbers(1, FRAMES, WIDTH)
WEIGHTS = {"weight": 1 + 0.3 * numbers(WIDTH, seed=1), "bias": numbers(WIDTH, seed=2)}


def norm(epsilon: float) -> Callable[..., Tensor]:
    return lambda m, x: F.layer_norm(x, (WIDTH,), m.weight, m.bias, epsilon)


@pytest.mark.parametrize(
    ("right", "wrong", "text"),
    [
        (norm(1e-5), norm(3e-4), "epsilon is 0.0003, PyTorch's is 1e-05"),
        (
            norm(1e-5),
            lambda m, x: F.layer_norm(x, (WIDTH,), m.weight, None, 2e-3),
            "bias is left out; and epsilon is 0.002, PyTorch's is 1e-05",
        ),
        (
            lambda _, x: x * 0.35355339,
            lambda _, x: x * 0.36,
            "the factor is 0.36, PyTorch's is 0.353553",
        ),
        (
            lambda _, x: F.gelu(x),
            lambda _, x: x * torch.sigmoid(1.7 * x),
            "GELU by sigmoid of 1.7 x (quick) instead of erf",
        ),
        (
            lambda _, x: F.gelu(x),
            lambda _, x: F.leaky_relu(x, 0.02),
            "leaky ReLU with a slope of 0.02 instead of gelu",
        ),
        (
            lambda _, x: F.softmax(x, dim=-1),
            lambda _, x: F.softmax(x * 0.7, dim=-1),
            "the scores are multiplied by 0.7 before softmax",
        ),
        (
            lambda _, x: F.softmax(x, dim=-1),
            lambda _, x: F.softmax(3 * torch.tanh(x / 3), dim=-1),
            "the scores are capped softly, by 3 tanh(x / 3)",
        ),
        (
            lambda _, x: F.gelu(x),
            lambda _, x: 0.5 * x * (1 + torch.erf(0.7 * x)),
            "GELU by erf of 0.7 x, PyTorch's by 0.7071 x",
        ),
        (
            lambda _, x: F.softmax(x, dim=-1),
            lambda _, x: (
                (x - x.amax(-1, True)).exp()
                / ((x - x.amax(-1, True)).exp().sum(-1, True) + 0.25)
            ),
            "0.25 is added to the sum in softmax's denominator",
        ),
        (
            lambda _, x: F.softmax(x, dim=-1),
            lambda _, x: F.softmax(x.maximum(x.amax(-1, True) - 1.5), dim=-1),
            "the scores are clamped to at least their largest less 1.5",
        ),
        (
            lambda _, x: F.softmax(x, dim=-1),
            lambda _, x: (x - x.amax(-1, True)).exp() / x.exp().sum(-1, True),
            "the largest score is subtracted above softmax's fraction, and not below it",
        ),
        (
            lambda _, x: F.gelu(x),
            lambda _, x: 0.5 * x * (1 + torch.tanh(0.7978845608 * (x + 0.4 * x**3))),
            "GELU by tanh with 0.4 x^3, which is 0.044715 x^3 in its formula",
        ),
        (
            lambda _, x: F.softmax(x, dim=-1),
            lambda _, x: F.normalize(x.exp(), dim=-1),
            "softmax divides by the length of the exponentials, not by their sum",
        ),
        (
            lambda _, x: F.softmax(x, dim=-1),
            lambda _, x: 2**x / (2**x).sum(-1, True),
            "softmax to base 2",
        ),
        (lambda _, x: x**2 + 3, lambda _, x: x**2 + 2.5, None),
    ],
)
def test_another_number_is_said_with_pytorchs(
    right: Callable[..., Tensor], wrong: Callable[..., Tensor], text: str | None
):
    weights = WEIGHTS if text and "epsilon" in text else {}
    found = causes_of(right, wrong, X, **weights)
    if text is None:
        text = "the number that is added is 2.5, PyTorch's is 3"
    assert text in found


def test_an_epsilon_added_to_the_root_is_told_from_one_under_it():
    def wrong(m: Any, x: Tensor) -> Tensor:
        centred = x - x.mean(-1, keepdim=True)
        deviation = centred.square().mean(-1, keepdim=True).sqrt()
        return centred / (deviation + 0.01) * m.weight + m.bias

    found = causes_of(norm(1e-5), wrong, X, **WEIGHTS)
    assert found[0] == "epsilon, 0.01, is added to the root instead of under it"


def test_the_number_has_as_few_digits_as_are_enough():
    assert best_number(lambda n: abs(n - 0.7), 1e-4, 1e4, 1e-4) == 0.7
    assert best_number(lambda n: abs(n - 1 / 3), 1e-4, 1e4, 1e-3) == 0.333


def test_a_number_at_the_end_of_what_is_tried_is_none():
    assert best_number(lambda n: n, 1e-4, 1e4, 1e-9) is None
    assert best_number(lambda _: float("inf"), 1e-4, 1e4, 1e-9) is None
