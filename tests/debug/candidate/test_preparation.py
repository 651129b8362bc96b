"""Operations that the interpreter can't run, within a port that is stepped through.

All that MAX compiles for these tests it compiles together, once on a machine.
"""

from pathlib import Path
from types import ModuleType

import pytest
import torch
from editing import replace
from max._interpreter_ops import gc_compile
from max.driver import CPU, Buffer
from max.dtype import DType
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, conv2d, conv_transpose2d

from debug.candidate import kernel_cache, preparation
from debug.candidate.lone_kernels import LoneKernel
from debug.engine.session import Session
from debug.protocol.diagnostic import Problem
from debug.protocol.messages import Compared, Isolated, Message, NotPossible, Open, Progress
from debug.protocol.verdict import Verdict
from debug.subject import Candidate, Input, LayerName
from examples.two_layers import FACTORY

pytestmark = pytest.mark.max

Stepped = tuple[Session, list[Message]]

PORT = """
from max import nn
from max.dtype import DType
from max.graph import DeviceRef, Weight, ops
from max.graph.type import FilterLayout

CPU = DeviceRef.CPU()


def last(x):
    return ops.permute(x, [0, 2, 3, 1])


def first(x):
    return ops.permute(x, [0, 3, 1, 2])


class Conv(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.weight = Weight("weight", DType.float32, shape, CPU)


class Permuted(Conv):
    def __call__(self, x):
        layout = FilterLayout.FCRS
        y = ops.conv2d(last(x), self.weight, filter_layout=layout, padding=(1, 1, 1, 1))
        return first(y)


class Grouped(Conv):
    def __call__(self, x):
        weight = ops.permute(self.weight, [2, 3, 1, 0])
        return first(ops.conv2d(last(x), weight, groups=2, padding=(1, 1, 1, 1)))


class Transposed(Conv):
    def __call__(self, x):
        weight = ops.permute(self.weight, [2, 3, 1, 0])
        return first(ops.conv2d_transpose(last(x), weight, stride=(2, 2)))


class Pooled(nn.Module):
    def __call__(self, x):
        options = {"stride": 2, "padding": 1, "count_boundary": False}
        return first(ops.avg_pool2d(last(x), (3, 3), **options))


class Half(nn.Module):
    def __call__(self, x):
        return x.cast(DType.bfloat16).cast(DType.float32)


class Choice(nn.Module):
    def __call__(self, x):
        small = ops.max(ops.reshape(x, (-1,)), axis=0).reshape(()) < 1000.0
        return ops.cond(small, [x.type], lambda: ops.relu(x), lambda: ops.gelu(x))[0]


class Loop(nn.Module):
    def __call__(self, x):
        def body(i, y):
            return [i + 1, y + x]

        begin = ops.constant(0, DType.int32, CPU)
        return ops.while_loop([begin, x], lambda i, y: i < 3, body)[1]


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.permuted = Permuted((4, 4, 3, 3))
        self.grouped = Grouped((4, 2, 3, 3))
        self.transposed = Transposed((4, 3, 3, 3))
        self.pooled = Pooled()
        self.halving = Half()
        self.choice = Choice()
        self.loop = Loop()

    def __call__(self, x):
        for layer in self.layers():
            x = layer(x)
        return x

    def layers(self):
        yield from (self.permuted, self.grouped, self.transposed, self.pooled)
        yield from (self.halving, self.choice, self.loop)
"""


class Layer(nn.Module):
    """A function with a weight, if it has one."""

    def __init__(self, function, shape=None):
        super().__init__()
        self.function = function
        if shape is not None:
            self.weight = nn.Parameter(torch.randn(shape) / 4)

    def forward(self, x: Tensor) -> Tensor:
        weight = getattr(self, "weight", None)
        return self.function(x) if weight is None else self.function(x, weight)


def halved(x: Tensor) -> Tensor:
    """Rounded as bfloat16 is, in float64, too."""
    return x.to(torch.bfloat16).to(x.dtype)


def reference() -> nn.Sequential:
    torch.manual_seed(1)
    network = nn.Sequential()
    layers = {
        "permuted": Layer(lambda x, w: conv2d(x, w, padding=1), (4, 4, 3, 3)),
        "grouped": Layer(lambda x, w: conv2d(x, w, padding=1, groups=2), (4, 2, 3, 3)),
        "transposed": Layer(lambda x, w: conv_transpose2d(x, w, stride=2), (4, 3, 3, 3)),
        "pooled": Layer(lambda x: avg_pool2d(x, 3, 2, 1, count_include_pad=False)),
        "halving": Layer(halved),
        "choice": Layer(torch.relu),
        "loop": Layer(lambda x: 4 * x),
    }
    for name, layer in layers.items():
        network.add_module(name, layer)
    return network


class Odd:
    """The port above beside its reference."""

    title, audio, device, dtype = "odd operations", "noise", CPU(), DType.float32

    def __init__(self, graph: Path) -> None:
        graph.write_text(PORT)
        self.graph, self._network = graph, reference()
        names = [name for name, _ in self._network.named_children()]
        self.layers = [
            *(LayerName(name, None, "network") for name in names),
            LayerName("network"),
        ]
        noise = torch.randn(1, 4, 5, 5)
        self.inputs = [Input("noise", noise.double(), noise, is_argument=True)]
        state = self._network.state_dict()
        self._weights = {name: Buffer.from_dlpack(value) for name, value in state.items()}

    def reference(self) -> nn.Module:
        return self._network

    def run_reference(self, module: nn.Module, x: Tensor) -> None:
        module(x)

    def candidate(self, source: ModuleType) -> Candidate:
        module = source.Network()
        module.load_state_dict(self._weights)
        return Candidate(module, self._weights, {"noise": self.inputs[0].reference})


@pytest.fixture(scope="module")
def stepped(tmp_path_factory: pytest.TempPathFactory) -> Stepped:
    """A session that has gone through the port layer by layer, and what it said."""
    said: list[Message] = []
    graph = tmp_path_factory.mktemp("odd") / "graph.py"
    session = Session(Odd(graph), said.append)  # pyright: ignore[reportArgumentType]
    session.load()
    for _ in session.names:
        session.advance()
    return session, said


def compared(stepped: Stepped) -> dict[str, Compared]:
    session, said = stepped
    return {session.names[each.index]: each for each in said if isinstance(each, Compared)}


@pytest.mark.parametrize(
    "layer",
    [
        *("permuted", "grouped", "transposed", "pooled"),
        *("halving", "choice", "loop", "network"),
    ],
)
def test_a_layer_that_the_interpreter_cant_run_has_its_numbers(stepped, layer: str):
    result = compared(stepped)[layer]
    assert result.chained.verdict in (Verdict.OK, Verdict.WATCH)


def test_all_of_them_are_right_in_isolation_too(stepped):
    session, said = stepped
    while not session.settled:
        session.go_on()
    refused = [each for each in said if isinstance(each, NotPossible)]
    assert not refused, refused[0].diagnostic.detail
    isolated = [each for each in said if isinstance(each, Isolated)]
    verdicts = {session.names[each.index]: each.divergence.verdict for each in isolated}
    assert set(verdicts.values()) <= {Verdict.OK, Verdict.WATCH}, verdicts


def test_the_next_time_nothing_is_compiled(stepped, monkeypatch):
    session, said = stepped
    for _ in "first", "next":  # the first may lack what another test's graph brought along
        noted = {key for group in kernel_cache.noted() for key in group}
        for family in gc_compile.registered_families():
            rest = {key: each for key, each in family.cache.items() if key not in noted}
            monkeypatch.setattr(family, "cache", rest)
        monkeypatch.setattr(preparation, "_models", {})
        begin = len(said)
        session.load()
    words = [each.what for each in said[begin:] if isinstance(each, Progress)]
    assert words == ["building the graph"]


CHOICE = "ops.cond(ops.constant(True, DType.bool, x.device), [x.type], "
CHOICE += "lambda: ops.gelu(x), lambda: x)[0]"


@pytest.fixture
def hindered(toy_graph: Path, no_lone_kernels: None) -> tuple[Session, list[Message]]:
    """A session on two layers with an operation between them that nothing can run."""
    replace(toy_graph, "ops.gelu(x)", CHOICE)
    said: list[Message] = []
    options = {"graph": str(toy_graph)}
    session = Session.open(FACTORY, Open(options, watch=False), said.append)
    session.load()
    return session, said


def test_what_cant_run_is_said_at_its_line_before_the_run(hindered):
    session, said = hindered
    (refused,) = [each.diagnostic for each in said if isinstance(each, NotPossible)]
    line = 1 + session.subject.graph.read_text().splitlines().index(f"        x = {CHOICE}")
    assert (
        str(refused)
        == f"graph.py:{line}: the interpreter can't run if: use --engine compile"
    )
    assert "no such operation" in refused.detail


def test_layers_before_what_cant_run_are_compared(hindered):
    session, said = hindered
    while session.names[session.position + 1] != "shrink":
        session.advance()
    with pytest.raises(Problem, match=r"graph.py:\d+: shrink can't run: .* can't run if"):
        session.advance()
    while not session.settled:
        session.go_on()
    grow = compared((session, said))["grow"]
    assert grow.chained.verdict is Verdict.OK


def test_what_is_compiled_one_by_one_is_counted(no_lone_kernels):
    kernel = {"graph": "", "called": [], "arguments": [], "results": [], "device": CPU()}
    lone = [LoneKernel(op=op, key=op, **kernel) for op in ("cast", "while")]
    said: list[str] = []
    preparation.load({each.key: each for each in lone}, said.append)
    assert said == ["cast and while", "cast alone, 1 of 2", "while alone, 2 of 2"]
