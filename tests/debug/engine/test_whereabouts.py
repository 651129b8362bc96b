"""A module that ends later than PyTorch's layer: it has what follows in it."""

from pathlib import Path

import pytest
from ports import Debugger

from debug.engine.whereabouts import MORE
from debug.protocol.verdict import Verdict
from debug.results.run import Run

pytestmark = pytest.mark.max

TEXT = """\
import torch
import torch.nn.functional as F
from max.graph import Weight, ops
from max.nn import Linear, Module
from torch import nn

from maxwhisper import Port


class Reference(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(8, 8), nn.Linear(8, 8)
        self.positions = nn.Conv1d(8, 8, 4, padding=2)

    def forward(self, x):
        x = self.first(x)
        y = self.positions(x.transpose(1, 2))[:, :, :-1]  # an even kernel makes one more
        return self.last(x + F.gelu(y).transpose(1, 2))


class Positions(Module):
    def __init__(self, dtype, device):
        super().__init__()
        self.weight = Weight("weight", dtype, (4, 8, 8), device)
        self.bias = Weight("bias", dtype, (8,), device)

    def __call__(self, x):
        x = ops.pad(x, [0, 0, 2, 1, 0, 0])
        taps = [x[:, tap : tap + 6] @ self.weight[tap] for tap in range(4)]
        return ops.gelu(taps[0] + taps[1] + taps[2] + taps[3] + self.bias)


class Network(Module):
    def __init__(self, dtype, device):
        super().__init__()
        self.first = Linear(8, 8, dtype, device, has_bias=True)
        self.positions = Positions(dtype, device)
        self.last = Linear(8, 8, dtype, device, has_bias=True)

    def __call__(self, x):
        x = self.first(x)
        return self.last(x + self.positions(x))


def port():
    torch.manual_seed(0)
    return Port(
        Reference(),
        lambda device, dtype: Network(dtype, device),
        {"x": torch.randn(2, 6, 8)},
        weights=lambda state: {
            name: w.permute(2, 1, 0) if w.ndim == 3 else w for name, w in state.items()
        },
    )
"""


@pytest.fixture(scope="module")
def debugger(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Debugger]:
    port = tmp_path_factory.mktemp("positions") / "my_port.py"
    port.write_text(TEXT)
    return port, Debugger(port)


def compared(debugger: tuple[Path, Debugger], old: str = "", new: str = "") -> Run:
    port, engine = debugger
    port.write_text(TEXT.replace(old, new) if old else TEXT)
    return engine.loaded().run


def test_a_module_that_ends_later_and_is_right_there_is_no_mistake(debugger):
    run = compared(debugger)
    row = [layer.name for layer in run.layers].index("positions")
    assert run.results[row].chained == MORE
    assert (run.verdict(), run.culprit()) == (Verdict.OK, None)


def test_it_is_not_blamed_for_a_mistake_before_it(debugger):
    run = compared(debugger, "x = self.first(x)\n        return", "x = x\n        return")
    culprit = run.culprit()
    assert culprit is not None
    assert run.layers[culprit].name != "positions"
    assert "positions" not in [run.layers[fault].name for fault in run.faults()]


def test_what_is_wrong_in_it_is_found_in_the_code_around(debugger):
    gelu = "return ops.gelu(taps[0] + taps[1] + taps[2] + taps[3] + self.bias)"
    run = compared(debugger, gelu, gelu.replace("self.bias)", 'self.bias, "tanh")'))
    causes = [cause.hypothesis for _, found in run.all_findings() for cause in found.causes]
    assert causes[0] == "GELU by tanh instead of erf"
