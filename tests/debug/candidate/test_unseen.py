"""Layers that are called within a condition: one operation, whose inside can't be seen."""

from pathlib import Path

import pytest
from editing import replace
from port_files import write_port

from debug.candidate.source import load_source
from debug.candidate.trace import Traced, build
from debug.port.subject import open_port
from debug.subject import Options, Subject
from examples.two_layers.subject import TwoLayers

pytestmark = pytest.mark.max

CHOICE = """\
x = ops.gelu(self.first(x))
        true, half = ops.constant(True, DType.bool, x.device), x[..., : x.shape[2] // 2]
        y = lambda: self.second(x)
        return ops.cond(true, [half.type], y, lambda: ops.gelu(half))[0]"""


def traced(subject: Subject) -> Traced:
    return build(subject, load_source(subject.graph), subject.layers, True)[1]


def test_a_layer_in_a_condition_of_a_port_is_unseen_and_no_error(tmp_path: Path):
    call = "return self.second(ops.gelu(self.first(x)))"
    port = write_port(tmp_path, (call, CHOICE))
    found = traced(open_port(Options({"port": str(port), "device": "cpu"})))
    assert found.unseen == {"shrink"}
    assert set(found.layers) == {"grow", "model"}
    assert found.alignment is not None
    assert not any(each.is_error for each in found.alignment.unpaired)


def test_a_layer_in_a_condition_is_unseen_where_names_are_the_same(toy_graph: Path):
    source = toy_graph.read_text()
    edited = CHOICE.replace("first", "grow").replace("second", "shrink")
    toy_graph.write_text(source[: source.index("x = self.grow(x)")] + edited + "\n")
    found = traced(TwoLayers(toy_graph))
    assert found.unseen == {"shrink"}
    assert set(found.layers) == {"grow", "network"}


def test_a_layer_that_is_never_called_is_not_unseen(toy_graph: Path):
    replace(toy_graph, "return self.shrink(x)", "return x")
    assert not traced(TwoLayers(toy_graph)).unseen
