"""MAX's private parts are as the debugger needs them, and are left as they were."""

import pytest
from max.dtype import DType
from max.graph import DeviceRef, Graph, TensorType, ops
from max.graph import graph as graph_module
from max.nn.layer import layer as layer_module

from debug.candidate import max_internals

HERE = ("port.py", 7)


def graph() -> Graph:
    """A GELU that is said to be made in line 7 of a port."""
    kind = TensorType(DType.float32, (2, 3), DeviceRef.CPU())
    with max_internals.locating(lambda: [HERE]):
        made = Graph("one", lambda x: ops.gelu(x.tensor), input_types=[kind])
    max_internals.lower(made)
    return made


def test_the_installed_max_is_the_one_that_is_needed():
    assert max_internals.check() is None


def test_another_max_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(max_internals, "version", lambda _: "99.1.0")
    said = max_internals.check()
    assert said is not None
    assert "max 99.1.0 is installed" in said
    assert f"pip install 'max=={max_internals.SUPPORTED}.*'" in said


def test_what_max_lacks_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delattr(layer_module, "_LAYER_HOOKS")
    said = max_internals.check()
    assert said is not None
    assert "it lacks _LAYER_HOOKS" in said


def test_an_operation_of_a_lowered_graph_has_its_name_line_and_types():
    made = graph()
    body, (result,) = max_internals.split_output(made)
    op = body[-1]
    assert max_internals.describe(op) == "gelu"
    assert max_internals.place_of(op) == HERE
    assert max_internals.operands(op) == max_internals.graph_inputs(made)
    assert max_internals.weight_name(op) is None
    kind = max_internals.tensor_type(result)
    assert kind is not None
    assert [int(size) for size in kind.shape] == [2, 3]


def test_an_operation_is_the_same_in_two_graphs_but_for_names():
    one, other = (max_internals.split_output(graph())[0][-1] for _ in range(2))
    assert max_internals.signature(one) == max_internals.signature(other)


def test_operations_that_are_written_at_once_are_as_each_by_itself():
    kind = TensorType(DType.float32, (3, 3), DeviceRef.CPU())
    made = Graph("several", lambda x: ops.gelu(x.tensor @ x.tensor) + 1.5, [kind])
    max_internals.lower(made)
    body, _ = max_internals.split_output(made)
    each = [max_internals.signature(op) for op in body]
    assert max_internals.signatures(made) == each
    assert len(each) > 2


def stop(location: object, hooks: int) -> None:
    assert graph_module._location is not location
    assert len(layer_module._LAYER_HOOKS) == hooks + 1
    raise ValueError("stop")


def test_places_and_hooks_are_left_as_they_were_though_a_graph_raises():
    location, before = graph_module._location, list(layer_module._LAYER_HOOKS)
    with (
        pytest.raises(ValueError, match="stop"),
        max_internals.locating(lambda: []),
        max_internals.layer_hook(lambda *_: None),
    ):
        stop(location, len(before))
    assert graph_module._location is location
    assert before == layer_module._LAYER_HOOKS


def test_no_layer_is_around_what_no_layer_calls():
    assert list(max_internals.layers_around(None)) == []
