"""PyTorch's LSTM and GRU, written out."""

import pytest
import torch
from torch import nn

from debug.reference.recurrent import recurrence


@pytest.mark.parametrize("kind", ["lstm", "gru"])
def test_written_out_it_is_what_pytorch_computes(kind: str):
    torch.manual_seed(0)
    make = nn.LSTM if kind == "lstm" else nn.GRU
    module = make(5, 3, num_layers=2, bidirectional=True, batch_first=True).double()
    x, h = torch.randn(2, 4, 5).double(), torch.randn(4, 2, 3).double()
    states = (h, 2 * h) if kind == "lstm" else h
    weights = list(module.parameters())
    call = recurrence(kind, [x, states, weights, True, 2, 0.0, False, True, True], {})
    assert call is not None
    assert torch.allclose(call.result(), module(x, states)[0])


def test_one_with_projections_is_left_alone():
    module = nn.LSTM(5, 4, proj_size=2)
    x, h, c = torch.randn(3, 2, 5), torch.zeros(1, 2, 2), torch.zeros(1, 2, 4)
    weights = list(module.parameters())
    assert (
        recurrence("lstm", [x, (h, c), weights, True, 1, 0.0, False, False, False], {})
        is None
    )
