"""Values of the toy are computed when they are asked for, and kept by what they are."""

from pathlib import Path

import pytest
import torch
from editing import replace
from max.driver import CPU
from max.dtype import DType

from debug.candidate import kernels
from debug.candidate.interpreter import Interpreter, LazyValue
from debug.candidate.source import load_source
from debug.candidate.taps import Probe
from debug.candidate.trace import Traced, build
from examples.two_layers.subject import TwoLayers

pytestmark = pytest.mark.max


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    """Without that MAX compiles each kernel by itself when it first meets it."""
    kernels.warm(DType.float32, CPU(), print)


class Port:
    """A subject with its source, loaded as often as it is asked to."""

    def __init__(self, graph: Path) -> None:
        self.graph, self.subject = graph, TwoLayers(graph)
        self.interpreter = Interpreter(print)

    def traced(self) -> Traced:
        source = load_source(self.graph)
        return build(self.subject, source, self.subject.layers, True)[1]

    def load(self) -> dict[str, LazyValue]:
        return self.interpreter.load(self.traced(), {})


@pytest.fixture
def port(toy_graph: Path) -> Port:
    return Port(toy_graph)


def test_nothing_is_computed_before_it_is_asked_for(port: Port):
    values = port.load()
    assert list(values) == ["grow", "shrink", "network"]
    assert port.interpreter.kept == {}
    values["grow"].value()
    kept = port.interpreter.kept
    assert values["grow"].digest in kept
    assert values["shrink"].digest not in kept


def test_a_layers_value_is_the_references(port: Port):
    subject = port.subject
    with torch.inference_mode():
        right = subject.reference().get_submodule("grow")(subject.inputs[0].reference)
    assert torch.allclose(port.load()["grow"].value(), right, atol=1e-6)


def test_what_the_next_graph_does_not_have_is_dropped(port: Port):
    before = port.load()
    before["shrink"].value()
    replace(port.graph, "ops.gelu(x)", "ops.relu(x)")
    after = port.load()
    assert before["grow"].digest == after["grow"].digest
    assert before["grow"].digest in port.interpreter.kept
    assert before["shrink"].digest not in port.interpreter.kept


def test_a_layer_alone_is_a_function_of_its_input(port: Port):
    isolated = port.load()["shrink"].isolated
    assert isolated is not None
    layer = isolated()
    assert layer.shape == [1, 6, 16]
    given = torch.linspace(-1, 1, 96).reshape(1, 6, 16)
    with torch.inference_mode():
        right = port.subject.reference().get_submodule("shrink")(given)
    assert torch.allclose(layer.value(given), right, atol=1e-6)


def test_a_layer_alone_is_what_it_was_though_what_comes_before_it_is_not(port: Port):
    before = port.load()["shrink"]
    replace(port.graph, "ops.gelu(x)", "ops.relu(x)")
    after = port.load()["shrink"]
    assert before.isolated is not None
    assert after.isolated is not None
    assert after.digest != before.digest
    assert after.isolated().digest == before.isolated().digest


def test_a_probe_that_the_last_graph_does_not_have_has_no_value(port: Port):
    nowhere = Probe("network", "active", None, True)
    assert port.interpreter.probed(nowhere) is None
    port.load()
    assert port.interpreter.probed(nowhere) is None
