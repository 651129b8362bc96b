"""One call that compares two modules in anyone's tests."""

import pytest
import torch
from max.graph import DeviceRef, TensorValue, ops

from debug import assert_parity
from debug.protocol.diagnostic import Problem
from examples.two_layers.graph import Network as Port
from examples.two_layers.reference import HIDDEN, WIDTH, Network

pytestmark = pytest.mark.max


class Tanh(Port):
    def __call__(self, x: TensorValue) -> TensorValue:
        return self.shrink(ops.gelu(self.grow(x), "tanh"))


class Short(Port):
    def __call__(self, x: TensorValue) -> TensorValue:
        return self.shrink(ops.gelu(self.grow(x)))[:, 1:]


@pytest.fixture
def network() -> Network:
    torch.manual_seed(0)
    return Network().eval()


@pytest.fixture
def x() -> torch.Tensor:
    torch.manual_seed(1)
    return torch.randn(1, 6, WIDTH)


def test_what_is_right_passes(network: Network, x: torch.Tensor):
    assert_parity(Port(WIDTH, HIDDEN, DeviceRef.CPU()), network, x)


def test_what_is_wrong_raises_with_the_layer_the_line_and_the_cause(
    network: Network, x: torch.Tensor
):
    with pytest.raises(AssertionError) as raised:
        assert_parity(Tanh(WIDTH, HIDDEN, DeviceRef.CPU()), network, x)
    text = str(raised.value)
    assert text.startswith("model is ")
    assert "test_parity.py:17, gelu_tanh" in text
    assert "GELU by tanh instead of erf (explains 100.00%)" in text


def test_another_shape_is_said(network: Network, x: torch.Tensor):
    with pytest.raises(AssertionError, match="invalid"):
        assert_parity(Short(WIDTH, HIDDEN, DeviceRef.CPU()), network, x)


def test_a_weight_of_its_own_is_found(network: Network, x: torch.Tensor):
    state = network.state_dict()
    weights = {**state, "grow.bias": state["grow.bias"] * 0}
    with pytest.raises(AssertionError, match=r"(?s)grow is .*grow.bias is left out"):
        assert_parity(Port(WIDTH, HIDDEN, DeviceRef.CPU()), network, x, weights)


def test_a_weight_that_the_reference_lacks_is_asked_for(network: Network, x: torch.Tensor):
    weights = {n: t for n, t in network.state_dict().items() if n != "grow.bias"}
    with pytest.raises(Problem, match=r"weight grow.bias has no value; give it in weights"):
        assert_parity(Port(WIDTH, HIDDEN, DeviceRef.CPU()), network, x, weights)
