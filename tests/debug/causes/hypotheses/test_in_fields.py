"""What a cause says beside its sentence: what was done, PyTorch's number or name, and the
candidate's."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from recordings import numbers, segment_of
from torch import Tensor

from debug.causes.search import find_causes

WIDTH = 8
X = 2 * numbers(1, 12, WIDTH)
WEIGHTS = {
    "weight": 1 + 0.3 * numbers(WIDTH, seed=1),
    "bias": numbers(WIDTH, seed=2),
    "matrix": numbers(WIDTH, WIDTH, seed=3),
    "other": numbers(WIDTH, WIDTH, seed=4),
}
Code = Callable[[Any, Tensor], Tensor]


def norm(epsilon: float, has_bias: bool = True) -> Code:
    return lambda m, x: F.layer_norm(
        x, (WIDTH,), m.weight, m.bias if has_bias else None, epsilon
    )


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        (norm(1e-5), norm(1e-3), ("epsilon", 1e-5, 1e-3)),
        (norm(1e-5), norm(3e-4), ("epsilon", 1e-5, 3e-4)),
        (norm(1e-5), norm(1e-5, has_bias=False), ("left out", None, None)),
        (lambda _, x: x * -0.35, lambda _, x: x * -0.36, ("the factor", -0.35, -0.36)),
        (lambda _, x: F.gelu(x), lambda _, x: F.relu(x), ("GELU", "GELU by erf", "ReLU")),
        (lambda _, x: x.mean(-1), lambda _, x: x.sum(-1), ("reduced by", "mean", "sum")),
        (
            lambda m, x: F.linear(x, m.matrix),
            lambda m, x: F.linear(x, m.other),
            ("in place of", "matrix", "other"),
        ),
        (
            lambda m, x: F.linear(x, m.matrix, m.bias),
            lambda m, x: F.linear(x, m.matrix.T.contiguous()),
            (None, None, None),
        ),
    ],
    ids=lambda each: str(each) if isinstance(each, tuple) else "",
)
def test_a_cause_says_what_was_done_and_what_was_taken_for_what(
    right: Code, wrong: Code, told: tuple
):
    segment = segment_of(right, wrong, X, **WEIGHTS)
    with torch.inference_mode():
        first = next(each for each in find_causes(segment) if each.complete).hypothesis
    assert (first.about, first.right, first.wrong) == told
