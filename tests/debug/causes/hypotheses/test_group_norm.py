"""What may be done instead of a group norm, beside ports that write it out."""

from collections.abc import Callable
from typing import Any

import pytest
import torch.nn.functional as F
from recordings import causes_of, numbers, segment_of
from torch import Tensor

GROUPS, CHANNELS = 4, 8
X = numbers(2, CHANNELS, 5, 3) * 3 + 1
WEIGHTS = {"w": numbers(CHANNELS, seed=1), "b": numbers(CHANNELS, seed=2)}

Divided = Callable[[Tensor], Tensor]


def right(layer: Any, x: Tensor) -> Tensor:
    return F.group_norm(x, GROUPS, layer.w, layer.b).tanh()


def written(
    parts: Callable[[Tensor], Tensor] = lambda x: x.reshape(2, GROUPS, -1),
    back: Callable[[Tensor], Tensor] = lambda y: y.reshape(X.shape),
    divided: Divided = lambda v: (v + 1e-5).sqrt(),
    bias: float = 1.0,
) -> Callable[[Any, Tensor], Tensor]:
    """A group norm as a port has it, with one of its steps changed."""

    def code(layer: Any, x: Tensor) -> Tensor:
        y = parts(x)
        centred = y - y.mean(-1, keepdim=True)
        variance = (centred * centred).mean(-1, keepdim=True)
        y = back(centred / divided(variance)) * layer.w.view(-1, 1, 1)
        return (y + bias * layer.b.view(-1, 1, 1)).tanh()

    return code


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (written(divided=lambda v: (v + 1e-3).sqrt()), "epsilon is 0.001"),
        (written(divided=lambda v: (v + 0.07).sqrt()), "epsilon is 0.07"),
        (
            written(divided=lambda v: v + 1e-5),
            "it is divided by the variance instead of its root",
        ),
        (
            written(lambda x: x.reshape(2, 2, -1)),
            "the channels are in 2 groups, PyTorch has 4",
        ),
        (
            written(lambda x: x.reshape(2, CHANNELS, -1)),
            "each channel is a group, PyTorch has 4",
        ),
        (
            written(
                lambda x: x.reshape(2, 2, GROUPS, -1).transpose(1, 2).flatten(2),
                lambda y: y.reshape(2, GROUPS, 2, -1).transpose(1, 2).reshape(X.shape),
            ),
            "a group has every 4th channel instead of neighbours",
        ),
        (
            written(lambda x: x.movedim(1, -1), lambda y: y.movedim(-1, 1)),
            "each position is normalised by itself, over its channels",
        ),
        (written(bias=0.0), "b is left out"),
        (written(bias=-1.0), "b is subtracted"),
    ],
)
def test_a_mistake_in_a_group_norm_is_named(wrong: Any, text: str):
    best, *_ = causes_of(right, wrong, X, **WEIGHTS)
    assert best.startswith(text)


def test_a_group_norm_that_is_written_out_right_is_not_wrong():
    assert not segment_of(right, written(), X, **WEIGHTS).wrong
