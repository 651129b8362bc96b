"""Ports whose modules begin elsewhere than the reference's of the same name."""

from pathlib import Path

import pytest
from ports import debugged

from debug.protocol.verdict import Verdict
from debug.results.run import Run

pytestmark = pytest.mark.max

TEXT = """\
import torch
from max.dtype import DType
from max.graph import DeviceRef, ops
from max.nn import LayerNorm, Linear, Module
from max.nn.conv import Conv2d
from torch import nn
from torch.nn.functional import pad

from maxwhisper import Port


class Gate(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(4, 8, (1, 3))
        self.out = nn.Conv2d(4, 4, 1)

    def forward(self, x):
        a, b = self.conv(pad(x, (2, 0))).chunk(2, 1)
        return x + self.out(torch.tanh(a) * torch.sigmoid(b))


class Reference(nn.Module):
    def __init__(self):
        super().__init__()
        self.gate = Gate()
        self.norm = nn.LayerNorm(4)
        self.head = nn.Linear(4, 5)

    def forward(self, images):
        return self.head(self.norm(self.gate(images).mean(2).transpose(1, 2)))


class GateOfMax(Module):
    def __init__(self, dtype, device):
        super().__init__()
        some = {"device": device, "has_bias": True}
        self.conv = Conv2d((1, 3), 4, 8, dtype, padding=(0, 0, 2, 0), **some)
        self.out = Conv2d(1, 4, 4, dtype, **some)

    def __call__(self, x):
        a, b = ops.chunk(self.conv(x), 2, axis=-1)
        return x + self.out(ops.tanh(a) * ops.sigmoid(b))


class Network(Module):
    def __init__(self, dtype, device):
        super().__init__()
        self.gate = GateOfMax(dtype, device)
        self.norm = LayerNorm(4, [device], dtype, eps=1e-5)
        self.head = Linear(4, 5, dtype, device, has_bias=True)

    def __call__(self, x):
        x = ops.mean(self.gate(x), axis=1)
        return self.head(self.norm(ops.reshape(x, (2, 9, 4))))


def adapted(state):
    return {n: v.permute(2, 3, 1, 0) if v.ndim == 4 else v for n, v in state.items()}


def port():
    torch.manual_seed(0)
    images = torch.randn(2, 4, 3, 9)
    return Port(
        reference=Reference(),
        candidate=lambda device, dtype: Network(dtype, device),
        inputs={"images": images},
        candidate_inputs=[images.permute(0, 2, 3, 1)],
        weights=adapted,
    )
"""


def compared(folder: Path, *edits: tuple[str, str]) -> Run:
    text = TEXT
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    (folder / "my_port.py").write_text(text)
    return debugged(folder / "my_port.py").run


def row(run: Run, name: str) -> int:
    return [layer.name for layer in run.layers].index(name)


def test_padding_within_a_convolution_is_no_mistake(tmp_path):
    run = compared(tmp_path)
    assert set(run.verdicts()) == {Verdict.OK}
    assert (run.culprit(), run.faults()) == (None, [])
    isolated = run.isolated(row(run, "gate.conv"))
    assert isolated is not None
    assert isolated.verdict is Verdict.UNSEEN
    assert isolated.reason.endswith(
        "it takes [2, 3, 9, 4] where PyTorch's takes [2, 3, 11, 4]"
    )


@pytest.mark.parametrize(
    ("old", "new", "layer"),
    [
        ("eps=1e-5", "eps=1e-2", "norm"),
        ("ops.tanh(a)", "ops.sigmoid(a)", "gate"),
        ("padding=(0, 0, 2, 0)", "padding=(0, 0, 0, 2)", "gate"),
        ("images.permute(0, 2, 3, 1)", "images.reshape(2, 3, 9, 4)", "images"),
    ],
)
def test_a_mistake_beside_such_a_convolution_is_found(tmp_path, old, new, layer):
    run = compared(tmp_path, (old, new))
    index = row(run, layer)
    assert run.culprit() == index
    assert run.faults() == ([] if layer == "images" else [index])


def test_an_input_of_other_numbers_is_where_a_wrong_input_comes_from(tmp_path):
    run = compared(
        tmp_path, ("[images.permute(0, 2, 3, 1)]", "[images.permute(0, 2, 3, 1) + 1]")
    )
    assert run.uncompared == ["candidate_inputs[0]"]
    assert run.culprit() == row(run, "gate.conv")
    assert run.faults_before(row(run, "gate.conv")) == []


JOINED = """class Joined(Linear):
    def __init__(self, norm, *of, **more):
        super().__init__(*of, **more)
        self.before = norm

    def __call__(self, x):
        return super().__call__(self.before(x))


class Network(Module)"""


def test_a_norm_within_the_module_of_the_layer_after_it_is_no_mistake(tmp_path):
    moved = (
        ("class Network(Module)", JOINED),
        ("self.norm = LayerNorm", "norm = LayerNorm"),
        ("self.head = Linear(4", "self.head = Joined(norm, 4"),
        (
            "self.head(self.norm(ops.reshape(x, (2, 9, 4))))",
            "self.head(ops.reshape(x, (2, 9, 4)))",
        ),
        ("return {n:", "return {n.replace('norm', 'head.before'):"),
    )
    run = compared(tmp_path, *moved)
    assert set(run.verdicts()) == {Verdict.OK}
    assert (run.culprit(), run.faults()) == (None, [])
    run = compared(tmp_path, *moved, ("eps=1e-5", "eps=1e-2"))
    assert run.culprit() == row(run, "norm")
