"""A model in float64 has the weights of the one in float32, and gives a copy's values."""

import copy

import pytest
import torch
from torch import nn

from debug.reference.other_precision import Weights, in_other_precision

SEEDED = torch.Generator().manual_seed(0)
X = torch.randn(2, 5, 8, generator=SEEDED)


class Tied(nn.Module):
    """Uses one weight twice, and one of a module that it never calls."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(8, 8), nn.Linear(8, 8)
        self.second.weight = self.first.weight
        self.aside = nn.Linear(8, 8)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.second(self.first(x)) @ self.aside.weight


class Counting(nn.Module):
    """Writes into a buffer."""

    total: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("total", torch.zeros(8))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.total.add_(x.sum((0, 1)))
        return x + self.total


MODELS = {
    "tied": Tied,
    "counting": Counting,
    "attention": lambda: nn.TransformerEncoderLayer(8, 2, 16, batch_first=True),
    "lstm": lambda: nn.LSTM(8, 8, batch_first=True),
    "normed": lambda: nn.utils.parametrizations.weight_norm(nn.Linear(8, 8)),
    "batches": lambda: nn.Sequential(nn.Conv1d(5, 5, 3, padding=1), nn.BatchNorm1d(5)),
}


def first(value: torch.Tensor | tuple) -> torch.Tensor:
    return value if isinstance(value, torch.Tensor) else value[0]


@pytest.mark.parametrize("name", MODELS)
def test_it_computes_what_a_copy_in_float64_computes(name: str):
    module = MODELS[name]().eval()
    with torch.inference_mode():
        expected = copy.deepcopy(module).double()
        made = in_other_precision(module, torch.float64)
        for _ in range(2):  # a buffer that was written into stays so
            assert torch.equal(first(made(X.double())), first(expected(X.double())))
        assert first(module(X)).dtype == torch.float32


def test_it_has_no_weights_of_its_own():
    module = Tied()
    made = in_other_precision(module, torch.float64)
    theirs = {each.data_ptr() for each in module.parameters()}
    assert {each.data_ptr() for each in made.parameters()} == theirs


def test_a_weight_that_nobody_holds_is_gone():
    made = in_other_precision(Tied(), torch.float64)
    assert made.get_submodule("first").weight.dtype == torch.float64
    converter = vars(made)["_converter_of_weights"]
    assert len(converter._made) == 0


def test_weights_are_known_by_name_in_the_precision_in_which_they_are_read():
    made = in_other_precision(Tied(), torch.float64)
    weights = Weights(made)
    read = made.get_parameter("aside.weight")
    assert weights.name_of(read) == "aside.weight"
    assert weights["aside.weight"] is read
    assert weights.name_of(torch.zeros(1)) is None
    plain = Tied()
    assert Weights(plain).name_of(plain.aside.weight) == "aside.weight"
