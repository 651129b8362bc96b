"""Where a mistake is said to be, if that is not the operation that is wrong."""

from pathlib import Path

import pytest
from port_files import write_edited
from ports import debugged

from debug.results.why import place_of

pytestmark = pytest.mark.max

TEXT = """\
import torch
from max.graph import Weight, ops
from max.nn import Linear, Module
from torch import nn

from maxwhisper import Port

D, WIDE = 8, 12


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.query, self.key = nn.Linear(D, D), nn.Linear(D, D)
        self.value, self.out = nn.Linear(D, D), nn.Linear(D, D)
        self.widen = nn.Parameter(torch.randn(WIDE, D))

    def forward(self, x):
        q, k, v = self.query(x), self.key(x), self.value(x)
        w = (q @ k.mT).softmax(-1)
        return self.out(w @ v) @ self.widen.T


class Candidate(Module):
    def __init__(self, dtype, device):
        super().__init__()
        self.query = Linear(D, D, dtype, device, has_bias=True)
        self.key = Linear(D, D, dtype, device, has_bias=True)
        self.value = Linear(D, D, dtype, device, has_bias=True)
        self.out = Linear(D, D, dtype, device, has_bias=True)
        self.widen = Weight("widen", dtype, (WIDE, D), device)

    def __call__(self, x):
        q = self.query(x)
        k = self.key(x)
        v = self.value(x)
        w = ops.softmax(q @ k.transpose(1, 2))
        y = self.out(w @ v)
        wide = self.widen.T
        return y @ wide


def port() -> Port:
    torch.manual_seed(0)
    return Port(
        reference=Attention(),
        candidate=lambda device, dtype: Candidate(dtype, device),
        inputs={"x": torch.randn(2, 16, D)},
    )
"""


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        # A layer that is called again in another's place.
        ("k = self.key(x)", "k = self.query(x)"),
        ("v = self.value(x)", "v = self.key(x)"),
        # A value that is taken for another.
        ("y = self.out(w @ v)", "y = self.out(w @ k)"),
        # The same numbers, laid out otherwise: no number of that line is wrong.
        ("wide = self.widen.T", "wide = self.widen.reshape((D, WIDE))"),
    ],
)
def test_the_line_is_where_the_mistake_was_typed(tmp_path: Path, right, wrong):
    port = write_edited(tmp_path, TEXT, (right, wrong))
    run = debugged(port).run
    culprit = run.culprit()
    assert culprit is not None
    place = place_of(run, culprit)
    assert place is not None
    assert wrong in Path(place.path).read_text().splitlines()[place.line - 1]
