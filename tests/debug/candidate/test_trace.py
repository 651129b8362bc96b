"""The toy's graph with what the debugger looks at as outputs; nothing is run."""

from pathlib import Path

import pytest
from editing import replace

from debug.candidate.source import load_source
from debug.candidate.taps import FirstInput, Probe, Result, first_value
from debug.candidate.trace import Traced, build
from debug.protocol.diagnostic import Problem
from examples.two_layers.reference import HIDDEN
from examples.two_layers.subject import TwoLayers

GELU = "        x = ops.gelu(x)\n"
LAYERS = ["grow", "shrink", "network"]


def traced(graph: Path, with_inputs: bool = True) -> Traced:
    subject = TwoLayers(graph)
    return build(subject, load_source(graph), subject.layers, with_inputs)[1]


def probing(graph: Path, *lines: str) -> None:
    replace(graph, "from max import nn", "from debug import probe\nfrom max import nn")
    replace(graph, GELU, GELU + "".join(f"        {line}\n" for line in lines))


def test_results_first_inputs_and_probes_are_outputs_by_name(toy_graph: Path):
    probing(toy_graph, 'probe("active", x)')
    found = traced(toy_graph)
    (probe,) = found.probes
    assert set(found.outputs) == {
        *map(Result, LAYERS),
        *map(FirstInput, LAYERS),
        probe,
    }
    assert (probe.name, probe.is_tensor) == ("network.active", True)
    assert list(found.layers) == LAYERS
    assert [int(n) for n in found.layers["grow"].shape] == [1, 6, HIDDEN]
    assert [int(n) for n in found.inputs["shrink"].shape] == [1, 6, HIDDEN]


def test_a_graph_that_is_compiled_has_results_only(toy_graph: Path):
    probing(toy_graph, 'probe("active", x)')
    found = traced(toy_graph, with_inputs=False)
    assert list(found.outputs) == [Result(name) for name in LAYERS]
    assert len(found.probes) == 1
    assert found.inputs == {}


def test_a_probe_of_no_tensor_is_known_and_no_output(toy_graph: Path):
    probing(toy_graph, 'probe("x", "text")')
    found = traced(toy_graph)
    assert [probe.is_tensor for probe in found.probes] == [False]
    assert not any(isinstance(output, Probe) for output in found.outputs)


def test_values_are_named_in_the_graphs_order(toy_graph: Path):
    found = traced(toy_graph, with_inputs=False)
    assert found.named("abc") == dict(zip(map(Result, LAYERS), "abc", strict=True))


@pytest.mark.parametrize("values", ["ab", "abcd", ""])
def test_another_number_of_values_is_refused(toy_graph: Path, values: str):
    with pytest.raises(ValueError, match="zip"):
        traced(toy_graph, with_inputs=False).named(values)


def test_every_layer_has_the_line_that_calls_it_and_the_model_its_definition(toy_graph):
    places = traced(toy_graph).places
    lines = toy_graph.read_text().splitlines()
    said = {name: lines[place.line - 1].strip() for name, place in places.items()}
    assert said["grow"] == "x = self.grow(x)"
    assert said["shrink"] == "return self.shrink(x)"
    assert said["network"].startswith("def __call__")


def test_a_layer_that_is_never_called_is_no_output(toy_graph: Path):
    replace(toy_graph, "x = self.grow(x)", "x = x @ self.grow.weight.T")
    assert list(traced(toy_graph).layers) == ["shrink", "network"]


def test_a_layer_within_a_condition_is_no_output(toy_graph: Path):
    replace(toy_graph, "import DeviceRef,", "import DeviceRef, TensorType,")
    lines = [
        "kind = TensorType(x.dtype, (1, 6, 16), x.device)",
        "yes = ops.constant(True, DType.bool, x.device)",
        "x = ops.cond(yes, [kind], lambda: self.grow(x), lambda: self.grow(x))[0].tensor",
    ]
    replace(toy_graph, "x = self.grow(x)", "\n        ".join(lines))
    assert list(traced(toy_graph).layers) == ["shrink", "network"]


def test_the_same_input_has_the_same_digest_in_every_generation(toy_graph: Path):
    one, other = traced(toy_graph), traced(toy_graph)
    assert one.arguments[0] is not other.arguments[0]
    assert one.argument_digests == other.argument_digests


def test_a_model_that_returns_nothing_is_placed_at_its_definition(toy_graph: Path):
    replace(toy_graph, "return self.shrink(x)", "self.shrink(x)")
    with pytest.raises(Problem, match="Network returned no tensor") as raised:
        traced(toy_graph)
    line = raised.value.diagnostic.line
    assert line is not None
    assert "def __call__" in toy_graph.read_text().splitlines()[line - 1]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("return x @ self", "x @ self", "Linear returned nothing: its __call__ lacks"),
        ("return x @ self", "yield x @ self", "Linear returned a generator"),
    ],
)
def test_a_module_without_a_result_is_named_and_not_the_line_that_uses_it(
    toy_graph: Path, old: str, new: str, says: str
):
    replace(toy_graph, old, new)
    with pytest.raises(Problem, match=says) as raised:
        traced(toy_graph)
    line = raised.value.diagnostic.line
    assert line is not None
    assert "def __call__" in toy_graph.read_text().splitlines()[line - 1]


def test_a_source_without_the_model_is_a_problem(toy_graph: Path):
    replace(toy_graph, "class Network", "class Net")
    with pytest.raises(Problem, match="Network") as raised:
        traced(toy_graph)
    assert raised.value.diagnostic.path == str(toy_graph)


def test_what_holds_no_tensor_has_no_first_value():
    assert first_value([None, ("text", 3), []]) is None
