"""A layer that is called several times, as ALBERT's, is looked into once for each call."""

from pathlib import Path

import pytest
from in_process import maxwhisper
from ports import debugged

from debug.results.root_causes import root_causes

pytestmark = pytest.mark.max

PORT = """
import torch
from max.graph import ops
from max.nn import Linear, Module
from torch import nn

from maxwhisper import Port


class Layer(Module):
    def __init__(self, d, dtype, device):
        super().__init__()
        self.a = Linear(d, d, dtype, device, has_bias=True)
        self.b = Linear(d, d, dtype, device, has_bias=True)

    def __call__(self, x):
        return x + self.b(ops.gelu(self.a(x), "tanh"))


class Net(Module):
    def __init__(self, d, dtype, device):
        super().__init__()
        self.layer = Layer(d, dtype, device)
        self.out = Linear(d, d, dtype, device, has_bias=True)

    def __call__(self, x):
        for _ in range(3):
            x = self.layer(x)
        return self.out(x)


class TorchLayer(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Linear(16, 16), nn.Linear(16, 16)

    def forward(self, x):
        return x + self.b(nn.functional.gelu(self.a(x)))


class TorchNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer, self.out = TorchLayer(), nn.Linear(16, 16)

    def forward(self, x):
        for _ in range(3):
            x = self.layer(x)
        return self.out(x)


def port():
    torch.manual_seed(0)
    return Port(
        reference=TorchNet().eval(),
        candidate=lambda device, dtype: Net(16, dtype, device),
        inputs={"x": torch.randn(2, 5, 16)},
    )
"""


def test_each_call_is_judged_and_the_model_around_is_not_blamed(tmp_path: Path):
    (tmp_path / "port.py").write_text(PORT)
    done = maxwhisper("check", "port.py", folder=tmp_path)
    assert done.returncode == 1
    assert "First wrong: layer (diverged), port.py:17" in done.stdout
    assert "Why: GELU by tanh instead of erf (explains 100 %)" in done.stdout
    assert "The same cause in layer#2, layer#3\n" in done.stdout
    rows = [line.split()[2] for line in done.stdout.splitlines() if line[:1] in "✓✗~"]
    assert rows[1:7] == ["layer.a", "layer.b", "layer", "layer.a#2", "layer.b#2", "layer#2"]


def test_a_shared_layer_that_is_called_too_seldom_is_one_mistake(tmp_path: Path):
    right = PORT.replace('(x), "tanh")', "(x))")
    path = tmp_path / "port.py"
    path.write_text(right.replace("for _ in range(3)", "for _ in range(1)", 1))
    run = debugged(path).run
    assert run.doubts == [
        "layer#2 and layer#3 have no counterpart: layer is called 1 of 3 times"
    ]
    run.settled = True
    [root] = root_causes(run)
    assert "layer#3's result" in root.why
    names = [run.layers[index].name for index in root.layers]
    assert names == ["model"]  # whose code calls them
