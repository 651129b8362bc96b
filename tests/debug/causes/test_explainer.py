"""Planted bugs of the toy, found in its own code."""

import shutil
from pathlib import Path

import pytest
from editing import replace
from sessions import finished

from debug.protocol.messages import Explained, Message
from debug.protocol.values import Finding
from examples.two_layers.subject import GRAPH

pytestmark = pytest.mark.max
BETWEEN = "        x = ops.gelu(x, 'tanh')\n"
WITHIN = (
    "        return x @ self.weight.T + self.bias * (2 if int(x.shape[-1]) == 8 else 1)\n"
)


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With a bug between two layers, and one in a layer."""
    graph = Path(shutil.copy(GRAPH, tmp_path_factory.mktemp("toy") / "graph.py"))
    replace(graph, "        x = ops.gelu(x)\n", BETWEEN)
    replace(graph, "        return x @ self.weight.T + self.bias\n", WITHIN)
    return graph


@pytest.fixture(scope="module")
def explained(graph: Path) -> dict[str, list[Finding]]:
    events: list[Message] = []
    session = finished(graph, events)
    while not session.settled:
        session.go_on()
    found = (event for event in events if isinstance(event, Explained))
    return {session.names[event.index]: event.findings for event in found}


def line_of(text: str, path: Path) -> int:
    return path.read_text().splitlines().index(text.rstrip("\n")) + 1


def test_only_the_layers_with_a_mistake_in_their_own_code_have_findings(explained):
    assert {name: len(found) for name, found in explained.items()} == {
        "grow": 1,
        "network": 1,
    }


def test_a_bug_between_layers_is_in_the_input_of_the_next(explained, graph: Path):
    (finding,) = explained["network"]
    assert (finding.target, finding.feeds) == ("input of shrink", "shrink")
    assert finding.op == "gelu_tanh"
    assert finding.place is not None
    assert (finding.place.path, finding.place.line) == (str(graph), line_of(BETWEEN, graph))
    assert finding.causes[0].hypothesis == "GELU by tanh instead of erf"
    assert finding.causes[0].explains == pytest.approx(1.0)


def test_a_bug_in_a_layer_is_in_its_result(explained, graph: Path):
    (finding,) = explained["grow"]
    assert (finding.target, finding.feeds) == ("result of grow", None)
    assert finding.place is not None
    assert finding.place.line == line_of(WITHIN, graph)
    assert finding.causes[0].hypothesis == "grow.bias is added twice"
    assert finding.causes[0].weight == "grow.bias"


def test_the_references_line_of_the_same_step_is_shown(explained):
    (finding,) = explained["network"]
    place = finding.reference
    assert place is not None
    assert "gelu(hidden)" in Path(place.path).read_text().splitlines()[place.line - 1]
