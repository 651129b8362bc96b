"""Digests say what an edit has touched, and what is injected goes on."""

from pathlib import Path

import pytest
import torch
from editing import replace
from max.driver import CPU, Buffer
from max.dtype import DType

from debug.candidate import kernels, max_dispatch, max_internals
from debug.candidate.buffers import Tokens, to_buffer, to_torch
from debug.candidate.kept_values import KeptValues
from debug.candidate.program import Program
from debug.candidate.source import load_source
from debug.candidate.trace import build
from examples.two_layers.subject import TwoLayers

pytestmark = pytest.mark.max


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    """Without that MAX compiles each kernel by itself when it first meets it."""
    kernels.warm(DType.float32, CPU(), print)


class Generations:
    """Programs of one subject, whose weights are the same objects throughout."""

    def __init__(self, graph: Path) -> None:
        self.graph, self.subject, self.tokens = graph, TwoLayers(graph), Tokens()

    def program(self, injected: dict[str, Buffer] | None = None) -> Program:
        source = load_source(self.graph)
        _, traced = build(self.subject, source, self.subject.layers, True)
        max_internals.lower(traced.graph)
        return Program(traced, self.tokens, injected)


@pytest.fixture
def generations(toy_graph: Path) -> Generations:
    return Generations(toy_graph)


def digests(program: Program) -> dict[str, str]:
    return {name: program.digest[key] for name, key in program.layers.items()}


def value(program: Program, name: str, kept: KeptValues | None = None) -> torch.Tensor:
    return to_torch(
        program.evaluate(program.layers[name], KeptValues() if kept is None else kept)
    )


def test_the_same_source_has_the_same_digests(generations: Generations):
    assert digests(generations.program()) == digests(generations.program())


def test_an_edit_changes_the_digests_behind_it_and_no_others(generations: Generations):
    before = digests(generations.program())
    replace(generations.graph, "ops.gelu(x)", "ops.relu(x)")
    after = digests(generations.program())
    assert after["grow"] == before["grow"]
    assert after["shrink"] != before["shrink"]


def test_a_comment_changes_no_digest(generations: Generations):
    before = digests(generations.program())
    replace(generations.graph, "class Network", "# said\n\n\nclass Network")
    assert digests(generations.program()) == before


def test_a_number_in_the_source_is_part_of_the_digest(generations: Generations):
    replace(generations.graph, "ops.gelu(x)", "ops.gelu(x) * 2.0")
    two = digests(generations.program())
    replace(generations.graph, "* 2.0", "* 3.0")
    assert digests(generations.program())["shrink"] != two["shrink"]


def test_the_toys_values_are_the_references(generations: Generations):
    subject, program = generations.subject, generations.program()
    with torch.inference_mode():
        right = subject.reference()(subject.inputs[0].reference)
    assert torch.allclose(value(program, "network"), right, atol=1e-6)


def test_what_is_kept_is_layers_and_what_depends_on_weights_alone(generations: Generations):
    program, kept = generations.program(), KeptValues()
    value(program, "grow", kept)
    named = digests(program)
    assert named["grow"] in kept
    assert named["shrink"] not in kept
    assert len(kept) > 1
    assert set(kept) <= program.digests


def test_what_is_kept_is_not_computed_again(
    generations: Generations, monkeypatch: pytest.MonkeyPatch
):
    kept = KeptValues()
    first = value(generations.program(), "shrink", kept)
    again = generations.program()
    monkeypatch.setattr(max_dispatch, "dispatch", None)
    assert torch.equal(value(again, "shrink", kept), first)


def test_what_is_injected_goes_on_and_the_layers_own_value_is_still_known(
    generations: Generations,
):
    plain = generations.program()
    own = value(plain, "grow")
    buffer = to_buffer(own * 0, DType.float32, CPU())
    program = generations.program({"grow": buffer})
    key = program.layers["grow"]
    assert program.own_digest(key) == digests(plain)["grow"]
    assert digests(program)["grow"] != digests(plain)["grow"]
    assert digests(program)["shrink"] != digests(plain)["shrink"]
    assert torch.equal(to_torch(program.own_value(key, KeptValues())), own)
    bias = generations.subject.reference().get_parameter("shrink.bias")
    assert torch.allclose(value(program, "shrink"), bias.expand(1, 6, -1))


def test_the_same_buffer_injected_twice_has_the_same_digests(generations: Generations):
    buffer = to_buffer(torch.zeros(1, 6, 16), DType.float32, CPU())
    one, other = (digests(generations.program({"grow": buffer})) for _ in range(2))
    assert one == other


BRANCH = "ops.cond(ops.constant(True, DType.bool, x.device), [x.type], {}, lambda: x)[0]"


def test_what_goes_where_within_a_condition_is_part_of_the_digest(generations: Generations):
    one = BRANCH.format("lambda: x - ops.gelu(x)")
    replace(generations.graph, "ops.gelu(x)", one)
    first, again = (digests(generations.program()) for _ in range(2))
    assert first == again
    replace(generations.graph, one, BRANCH.format("lambda: ops.gelu(x) - x"))
    other = digests(generations.program())
    assert other["grow"] == first["grow"]
    assert other["shrink"] != first["shrink"]


def test_a_layer_alone_takes_any_argument_and_depends_on_its_own_code(
    generations: Generations,
):
    program = generations.program()
    route = program.flow.route(program.inputs["shrink"].key, program.layers["shrink"])
    argument = to_buffer(torch.zeros(1, 6, 16), DType.float32, CPU())
    bias = generations.subject.reference().get_parameter("shrink.bias")
    result = to_torch(program.evaluate_isolated(route, argument, KeptValues()))
    assert torch.allclose(result, bias.expand(1, 6, -1))
    before = program.digest_isolated(route)
    replace(generations.graph, "ops.gelu(x)", "ops.relu(x)")
    after = generations.program()
    route = after.flow.route(after.inputs["shrink"].key, after.layers["shrink"])
    assert after.digest_isolated(route) == before
    assert digests(after)["shrink"] != digests(program)["shrink"]


def test_what_was_given_just_this_before_is_not_computed_again(
    generations: Generations, monkeypatch: pytest.MonkeyPatch
):
    program, kept = generations.program(), KeptValues()
    route = program.flow.route(program.flow.arguments[0], program.layers["grow"])
    before = value(program, "grow", kept)
    (argument,) = (to_torch(b) for b in (program._slots[route.start],) if b is not None)
    runs: list[int] = []
    run = program._run
    monkeypatch.setattr(program, "_run", lambda *a: (runs.append(a[0]), run(*a)))

    def alone(given: torch.Tensor) -> torch.Tensor:
        buffer = to_buffer(given, DType.float32, CPU())
        return to_torch(program.evaluate_isolated(route, buffer, kept))

    assert torch.equal(alone(argument.clone()), before)
    assert not runs
    assert not torch.equal(alone(argument + 1), before)
    assert runs


MOVED = '''def moved(x: TensorValue) -> TensorValue:
    """As a weight goes to a GPU: the result has a chain beside it."""
    from max.graph import Graph
    from max.graph.type import _ChainType
    from max.mlir.dialects import rmo

    graph = Graph.current
    kinds = x.type.to_mlir(), _ChainType().to_mlir()
    return graph._add_op(rmo.mo_transfer, *kinds, x, graph.always_ready_chain)[0].tensor


class Linear(nn.Module)'''


def test_a_weight_that_is_moved_to_its_device_is_at_hand(generations: Generations):
    whole = value(generations.program(), "network")
    replace(generations.graph, "class Linear(nn.Module)", MOVED)
    replace(generations.graph, "x @ self.weight.T", "x @ moved(self.weight).T")
    program = generations.program()
    chains = [r for op in program.body for r in op.results if max_internals.is_chain(r)]
    assert chains
    end = program.layers["network"]
    (argument,) = program.flow.arguments
    value(program, "network")
    given = {argument: program._slots[argument]}
    found = dict(program.walk(given, end, KeptValues()))  # pyright: ignore[reportArgumentType]
    assert torch.equal(to_torch(found[end][end]), whole)  # pyright: ignore[reportArgumentType]
