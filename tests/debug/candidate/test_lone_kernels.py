"""Operations cut out of their graph; none is compiled here."""

import pytest
from max.driver import CPU
from max.dtype import DType
from max.graph import DeviceRef, Graph, TensorType, TensorValue, ops
from max.graph.type import FilterLayout

from debug.candidate import max_internals, max_kernels
from debug.candidate.lone_kernels import Cutter, LoneKernel


def kind(*shape: int) -> TensorType:
    return TensorType(DType.float32, shape, DeviceRef.CPU())


def refused(function, *kinds: TensorType) -> list[LoneKernel]:
    """What is cut out of a graph, and parses."""
    graph = Graph("one", lambda *xs: function(*(x.tensor for x in xs)), input_types=kinds)
    max_internals.lower(graph)
    body = max_internals.body_of(graph)
    cutter = Cutter(graph, body.operations)
    refused_at = max_kernels.survey(body, {}).refused
    found = [cutter.cut(body.operations[i]) for i in refused_at]
    for kernel in found:
        max_kernels.parsed([kernel.graph, *kernel.called])
    return found


def half(x: TensorValue) -> TensorValue:
    return ops.cast(x, DType.bfloat16)


def chosen(x: TensorValue, y: TensorValue) -> TensorValue:
    yes = ops.constant(True, DType.bool, DeviceRef.CPU())
    return ops.cond(yes, [x.type], lambda: ops.relu(y), lambda: x)[0].tensor


def looped(x: TensorValue) -> TensorValue:
    begin = ops.constant(0, DType.int32, DeviceRef.CPU())
    chosen_first = chosen(x, x)
    made = ops.while_loop(
        [begin, chosen_first], lambda i, _: i < 3, lambda i, y: [i + 1, y]
    )
    return made[1].tensor


def test_an_operation_that_the_interpreter_knows_stays():
    assert refused(ops.gelu, kind(2, 3)) == []


def test_a_cast_to_half_precision_is_cut_out():
    (cast,) = refused(half, kind(2, 3))
    assert (cast.op, len(cast.arguments), len(cast.results)) == ("cast", 1, 1)
    assert cast.device == CPU()


def test_the_same_operation_elsewhere_is_the_same_kernel():
    one, other = refused(lambda x: half(ops.gelu(x)) + half(ops.gelu(x) * 2.0), kind(2, 3))[
        :2
    ]
    assert one.key == other.key
    (wider,) = refused(half, kind(2, 4))
    assert wider.key != one.key


def test_strides_and_groups_come_along_and_tensors_are_arguments():
    def grouped(x: TensorValue, w: TensorValue) -> TensorValue:
        return ops.conv2d(x, w, groups=2, stride=(2, 1))

    (conv,) = refused(grouped, kind(1, 5, 5, 4), kind(3, 3, 2, 6))
    assert len(conv.arguments) == 2
    assert "ape[2, 1]" in conv.graph


def test_what_a_condition_uses_from_outside_is_an_argument():
    (condition,) = refused(chosen, kind(2, 3), kind(2, 3))
    assert len(condition.arguments) == 2


def test_a_loop_after_a_condition_is_cut_out_without_it():
    condition, loop = refused(looped, kind(2, 3))
    assert (condition.op, loop.op) == ("if", "while")
    assert "mo.if" not in loop.graph


@pytest.mark.parametrize("permuted", [True, False])
def test_a_filter_in_pytorchs_order_needs_no_compiler(permuted: bool):
    layout = FilterLayout.FCRS if permuted else FilterLayout.RSCF
    shape = (6, 4, 3, 3) if permuted else (3, 3, 4, 6)

    def conv(x: TensorValue, w: TensorValue) -> TensorValue:
        return ops.conv2d(x, w, filter_layout=layout)

    assert refused(conv, kind(1, 5, 5, 4), kind(*shape)) == []


def test_a_survey_leaves_the_kernels_that_are_loaded():
    families = max_kernels.gc_compile.registered_families()
    before = [dict(family.cache) for family in families]
    refused(ops.gelu, kind(2, 3))
    assert [family.cache for family in families] == before
