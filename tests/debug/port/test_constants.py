"""Weights of a reference that hide mistakes."""

import torch
from torch import nn

from debug.port.constants import constants, warning


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4), nn.Linear(4, 1))


def test_new_norms_are_one_number_throughout():
    assert constants(network()) == ["1.weight", "1.bias"]


def test_many_of_them_are_said_in_one_line_with_what_to_write():
    said = warning(network())
    assert said is not None
    assert said.startswith("2 of the reference's 6 weights are one number throughout")
    assert "such as 1.weight: a bias that is left out" in said
    assert said.endswith("weight.data += 0.1 * torch.randn_like(weight)")
    assert "\n" not in said


def test_a_reference_whose_weights_say_something_has_no_warning():
    reference = network()
    for weight in reference.parameters():
        weight.data += 0.1 * torch.randn_like(weight)
    assert warning(reference) is None


def test_one_constant_among_many_weights_is_not_worth_a_word():
    layers = [nn.Linear(4, 4) for _ in range(5)]
    layers[0].bias.data.zero_()
    assert warning(nn.Sequential(*layers)) is None
