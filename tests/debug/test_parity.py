"""One call that compares two modules in anyone's tests."""

import inspect
import re
from pathlib import Path

import pytest
import torch
from max import nn
from max.dtype import DType
from max.graph import DeviceRef, TensorValue, ops
from max.nn import LayerNorm

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
    assert "test_parity.py:24, gelu_tanh" in text
    assert "GELU by tanh instead of erf (explains 100 %)" in text


def shown_by_pytest(raised: pytest.ExceptionInfo) -> set[Path]:
    return {Path(entry.path) for entry in raised.traceback.filter(raised)}


def test_pytest_shows_the_test_and_nothing_of_the_debugger(
    network: Network, x: torch.Tensor
):
    with pytest.raises(AssertionError) as raised:
        assert_parity(Tanh(WIDTH, HIDDEN, DeviceRef.CPU()), network, x)
    assert shown_by_pytest(raised) == {Path(__file__)}
    with pytest.raises(Problem) as refused:
        assert_parity(Port(WIDTH, HIDDEN, DeviceRef.CPU()), network, x, {})
    assert shown_by_pytest(refused) == {Path(__file__)}
    assert refused.value.__suppress_context__


def test_weights_may_be_made_of_the_reference_s(network: Network, x: torch.Tensor):
    port = Port(WIDTH, HIDDEN, DeviceRef.CPU())
    with pytest.raises(AssertionError, match="equal none of the reference"):
        assert_parity(port, network, x, lambda state: {n: t + 1 for n, t in state.items()})


def test_another_shape_is_said(network: Network, x: torch.Tensor):
    shapes = r"shape \[1, 5, 8\] where the reference has \[1, 6, 8\]"
    with pytest.raises(AssertionError, match=rf"model is invalid \({shapes}\)") as raised:
        assert_parity(Short(WIDTH, HIDDEN, DeviceRef.CPU()), network, x)
    assert "no hypothesis" not in str(raised.value)


class Normed(nn.Module):
    """Calls one of MAX's own blocks, of another epsilon than the reference's."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = LayerNorm(WIDTH, [DeviceRef.CPU()], DType.float32, eps=1e-2)

    def __call__(self, x: TensorValue) -> TensorValue:
        return self.norm(x)


class NormedReference(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = torch.nn.LayerNorm(WIDTH)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(x)


def test_a_mistake_in_a_block_of_max_is_at_the_line_that_makes_it(x: torch.Tensor):
    with pytest.raises(AssertionError) as raised:
        assert_parity(Normed(), NormedReference(), x)
    lines = str(raised.value).splitlines()
    (made,) = re.findall("self.norm = .*", inspect.getsource(Normed.__init__))
    path, _, rest = lines[1].removeprefix("at ").partition(":")
    assert Path(path) == Path(__file__)
    number = int(rest.partition(",")[0])
    assert Path(path).read_text().splitlines()[number - 1].strip() == made
    assert lines[2].startswith("why: epsilon is 0.01")


def test_what_no_hypothesis_explains_is_said_to_be_so(network: Network, x: torch.Tensor):
    class Odd(Port):
        def __call__(self, x: TensorValue) -> TensorValue:
            y = ops.gelu(self.grow(x))
            return self.shrink(y * ops.sin(x[..., :1] * 3.1 + y) + ops.cos(y * y))

    with pytest.raises(AssertionError) as raised:
        assert_parity(Odd(WIDTH, HIDDEN, DeviceRef.CPU()), network, x)
    assert "why: no hypothesis explains it" in str(raised.value)


def test_a_weight_of_its_own_is_found(network: Network, x: torch.Tensor):
    state = network.state_dict()
    weights = {**state, "grow.bias": state["grow.bias"] * 0}
    with pytest.raises(AssertionError, match=r"(?s)grow is .*grow.bias is left out"):
        assert_parity(Port(WIDTH, HIDDEN, DeviceRef.CPU()), network, x, weights)


def test_a_weight_that_the_reference_lacks_is_asked_for(network: Network, x: torch.Tensor):
    weights = {n: t for n, t in network.state_dict().items() if n != "grow.bias"}
    with pytest.raises(Problem, match=r"weight grow.bias has no value; give it in weights"):
        assert_parity(Port(WIDTH, HIDDEN, DeviceRef.CPU()), network, x, weights)
