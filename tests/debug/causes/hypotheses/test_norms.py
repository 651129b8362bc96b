"""Norms that PyTorch's code writes out."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from recordings import causes_of, numbers
from torch import Tensor

FRAMES, WIDTH = 12, 8
X = 0.5 + numbers(1, FRAMES, WIDTH)
WEIGHT = {"weight": 1 + 0.3 * numbers(WIDTH, seed=1)}


def rms(epsilon: float = 1e-6) -> Callable[..., Tensor]:
    def code(m: Any, x: Tensor) -> Tensor:
        variance = x.pow(2).mean(-1, keepdim=True)
        return m.weight * (x * torch.rsqrt(variance + epsilon))

    return code


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (
            lambda m, x: F.layer_norm(x, (WIDTH,), m.weight, None, 1e-6),
            "layer norm instead of RMS norm",
        ),
        (lambda m, x: m.weight * x, "the RMS norm is left out"),
        (
            lambda m, x: m.weight * (x / x.norm(dim=-1, keepdim=True)),
            "the RMS norm divides by the length, not the root of the mean",
        ),
        (
            lambda m, x: F.rms_norm(x, (WIDTH,), m.weight, 3e-3),
            "the number that is added is 0.003, PyTorch's is 1e-06",
        ),
    ],
)
def test_what_was_done_instead_of_a_written_norm_is_named(
    wrong: Callable[..., Tensor], text: str
):
    assert text in causes_of(rms(), wrong, X, **WEIGHT)


def test_a_norms_weight_that_is_counted_from_one_is_said():
    wrong = lambda m, x: F.rms_norm(x, (WIDTH,), m.weight + 1, 1e-6)  # noqa: E731
    found = causes_of(rms(), wrong, X, **WEIGHT)
    assert found[0] == "the factor is weight +1, PyTorch's is weight"
