"""What is refused before any layer is judged."""

import pytest
import torch
from torch import Tensor, nn

from debug.protocol.diagnostic import Problem
from debug.reference.both_runs import run_reference
from debug.reference.preconditions import check_inputs, check_weights
from debug.subject import Input
from examples.two_layers.subject import GRAPH, TwoLayers

NAN, INF = float("nan"), float("inf")


def test_nan_in_an_input_is_said_of_the_input():
    value = torch.tensor([0.0, NAN, 1.0])
    with pytest.raises(
        Problem, match="clip has a value that is NaN or Inf, the first at 1"
    ):
        check_inputs([Input("clip", value.double(), value)])


def test_minus_infinity_in_an_input_is_a_mask():
    value = torch.tensor([0.0, -INF])
    check_inputs([Input("mask", value.double(), value)])


@pytest.mark.parametrize("bad", [NAN, INF])
def test_a_weight_that_is_not_finite_is_named(bad: float):
    linear = nn.Linear(2, 2)
    with torch.no_grad():
        linear.bias[1] = bad
    module = nn.Sequential(linear)
    with pytest.raises(Problem, match=r"the reference's weight 0\.bias has"):
        check_weights(module)


def test_a_mask_that_a_module_keeps_is_no_broken_weight():
    module = nn.Module()
    module.register_buffer("mask", torch.full((2, 2), -INF).triu(1))
    check_weights(module)


class Shaken(nn.Module):
    """Drops some values, whether it is trained or not."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.dropout(self.inner(x), 0.5, training=True)


@pytest.mark.max
def test_a_reference_that_is_random_is_refused_by_the_layer_that_is():
    class Random(TwoLayers):
        def reference(self) -> nn.Module:
            module = super().reference()
            module.grow = Shaken(module.get_submodule("grow"))
            return module

    with pytest.raises(Problem, match="the reference is random: grow is another one"):
        run_reference(Random(GRAPH), "float32")


@pytest.mark.max
def test_a_reference_that_draws_numbers_and_uses_none_is_no_error():
    class Drawing(TwoLayers):
        def run_reference(self, module: nn.Module, *arguments: Tensor) -> None:
            torch.rand(3)
            super().run_reference(module, *arguments)

    assert run_reference(Drawing(GRAPH), "float32")
