"""Weights that a port computes of the reference's: told by their values, and no doubt."""

import pytest
import torch
from recordings import numbers
from torch import nn
from torch.nn.utils.parametrizations import weight_norm

from debug.port.aligned import reference_side
from debug.port.alignment import How, match
from debug.port.side import Side
from debug.subject import CalledModule

CONV = {"conv.weight": numbers(4, 3, 3, 3), "conv.bias": numbers(4, seed=1)}
NORM = {
    "norm.weight": numbers(4, seed=2),
    "norm.bias": numbers(4, seed=3),
    "norm.running_mean": numbers(4, seed=4),
    "norm.running_var": numbers(4, seed=5).square() + 0.5,
}
FACTOR = NORM["norm.weight"] / (NORM["norm.running_var"] + 1e-5).sqrt()
FOLDED = {
    "conv.weight": CONV["conv.weight"] * FACTOR[:, None, None, None],
    "conv.bias": (CONV["conv.bias"] - NORM["norm.running_mean"]) * FACTOR
    + NORM["norm.bias"],
}


def side(weights: dict[str, torch.Tensor]) -> Side:
    leaves = dict.fromkeys(name.rpartition(".")[0] for name in weights)
    return Side([CalledModule(name, 1, (2, 4)) for name in [*leaves, ""]], weights)


def matched(theirs: dict[str, torch.Tensor], ours: dict[str, torch.Tensor]):
    return match(side(theirs), side(ours), {}, ())


@pytest.mark.parametrize("layout", [(0, 1, 2, 3), (2, 3, 1, 0)])
def test_a_convolution_with_a_norm_folded_in_is_the_norm(layout):
    ours = {**FOLDED, "conv.weight": FOLDED["conv.weight"].permute(layout)}
    found = matched({**CONV, **NORM}, ours)
    pair = found.pairs["norm"]
    assert (pair.counterpart.modules, pair.counterpart.begins) == (("conv",), "conv")
    assert pair.how is How.FOLDED
    assert "conv" not in found.pairs
    (alone,) = found.reference_only
    assert (alone.name, alone.reason) == ("conv", "is folded into conv, see norm")
    assert not found.doubts


def test_random_weights_of_a_convolution_are_folded_from_nothing():
    ours = {"conv.weight": numbers(4, 3, 3, 3, seed=9), "conv.bias": CONV["conv.bias"]}
    said = "conv's weights equal none of the reference: were they loaded?"
    assert said in matched({**CONV, **NORM}, ours).doubts


LINEAR = {"q.weight": numbers(8, 8), "q.bias": numbers(8, seed=1)}


def test_a_layer_that_is_scaled_with_its_bias_is_compared_at_its_scale():
    found = matched(LINEAR, {n: value / 8**0.5 for n, value in LINEAR.items()})
    pair = found.pairs["q"]
    assert pair.how is How.SCALED
    assert pair.counterpart.scale == pytest.approx(8**-0.5)
    assert not found.doubts


def test_a_weight_that_is_scaled_without_its_bias_is_a_doubt():
    ours = {**LINEAR, "q.weight": LINEAR["q.weight"] / 8**0.5}
    assert matched(LINEAR, ours).doubts


def test_new_weights_of_one_value_are_no_scaled_ones():
    theirs = {"a.weight": torch.ones(8, 8)}
    assert matched(theirs, {"a.weight": torch.full((8, 8), 2.0)}).doubts


@pytest.mark.parametrize("norm", [weight_norm, nn.utils.weight_norm])
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_a_weight_that_pytorch_computes_at_each_call_is_the_ports_weight(norm):
    torch.manual_seed(0)
    network = nn.Sequential(norm(nn.Linear(4, 4)), nn.ReLU())
    theirs = reference_side(network, lambda each: each(torch.ones(2, 4)))
    weight, bias = (getattr(network[0], name).detach() for name in ("weight", "bias"))
    own = weight * (1 + 1e-7)  # computed by other means
    found = match(theirs, side({"lin.weight": own, "lin.bias": bias}), {}, ())
    assert found.pairs["0"].counterpart.modules == ("lin",)
    assert not found.doubts


@pytest.mark.parametrize("module", ["tokens", "head"])
def test_a_tied_weight_is_no_doubt_where_the_port_has_one_module_for_it(module):
    table = numbers(9, 4)
    theirs = {"wte.weight": table, "mlp.weight": numbers(4, 4), "lm_head.weight": table}
    names = ["tokens", "mlp"] if module == "tokens" else ["mlp", "head"]
    weights = {"tokens": table, "head": table, "mlp": numbers(4, 4)}
    found = matched(theirs, {f"{name}.weight": weights[name] for name in names})
    assert not found.doubts
