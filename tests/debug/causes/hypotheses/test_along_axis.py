"""What was done along an axis that PyTorch does not do."""

import pytest
import torch
import torch.nn.functional as F
from recordings import causes_of, numbers
from torch import Tensor

from debug.causes.hypotheses.along_axis import signs_changed
from debug.causes.hypotheses.axes import Axis

X = numbers(1, 2, 6, 8)

WRONG = {
    "is brought to a length of 1 over the channels": lambda q: F.normalize(q, dim=-1),
    "is brought to a mean square of 1 over the channels": (
        lambda q: q * q.square().mean(-1, keepdim=True).rsqrt()
    ),
    "the mean over the channels is subtracted": lambda q: q - q.mean(-1, keepdim=True),
    "softmax over the channels is applied": lambda q: q.softmax(-1),
    "each of the heads of": lambda q: q.mean(1, keepdim=True).expand(q.shape),
}


def right(_, x: Tensor) -> Tensor:
    q = x * 2.0
    return q @ q.mT


@pytest.mark.parametrize("cause", WRONG)
def test_a_step_along_an_axis_is_named(cause: str):
    def wrong(_, x: Tensor) -> Tensor:
        q = WRONG[cause](x * 2.0)
        return q @ q.mT

    assert cause in causes_of(right, wrong, X)[0]


def test_rows_of_no_length_are_divided_by_nothing():
    zeros = torch.zeros(1, 2, 6, 8, dtype=torch.float64)
    assert torch.isfinite(F.normalize(zeros, dim=-1)).all()


def test_what_is_done_to_query_and_key_alike_is_one_cause():
    def scores(_, x: Tensor) -> Tensor:
        q, k = x * 2.0, x.flip(-2) * 3.0
        return ((q @ k.mT) * 0.5).softmax(-1)

    def wrong(_, x: Tensor) -> Tensor:
        q, k = F.normalize(x * 2.0, dim=-1), F.normalize(x.flip(-2) * 3.0, dim=-1)
        return ((q @ k.mT) * 0.5).softmax(-1)

    found = causes_of(scores, wrong, X)[0]
    assert found == "q and k are brought to a length of 1 over the channels"


def test_slices_of_the_other_sign_are_named():
    table = numbers(6, 8)
    axes = [Axis(0, "frame"), Axis(1, "channel")]
    signs = torch.where(torch.arange(8) < 3, -1.0, 1.0)
    [found] = signs_changed(table * signs, table, axes)
    assert found.about("table") == "the sign of channels 0 to 2 of table is changed"
