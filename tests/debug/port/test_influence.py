"""Which layers a reference's result depends on."""

import pytest
import torch
from torch import nn

from debug.port.influence import feeds_result


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm = nn.Linear(4, 4), nn.LayerNorm(4)
        self.pooler, self.silent = nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        hidden = self.norm(self.first(x))
        self.silent(hidden)
        return hidden, self.pooler(hidden)


@pytest.mark.parametrize(
    ("layer", "feeds"),
    [("first", True), ("norm", True), ("pooler", False), ("silent", False)],
)
def test_the_first_result_depends_on_what_is_computed_into_it(layer, feeds):
    torch.manual_seed(0)
    given = torch.randn(2, 4)
    assert feeds_result(Network().eval(), lambda m: m(given), layer) is feeds


def test_a_reference_is_left_as_it_was():
    torch.manual_seed(0)
    network, given = Network().eval(), torch.randn(2, 4)
    before = network(given)[0]
    feeds_result(network, lambda m: m(given), "first")
    assert torch.equal(network(given)[0], before)
