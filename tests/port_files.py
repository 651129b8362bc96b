"""A port's file for the tests, of the example of two layers."""

from pathlib import Path

TEXT = """\
import torch
from max import nn
from max.dtype import DType
from max.graph import DeviceRef, TensorValue, Weight, ops

from examples.two_layers.reference import HIDDEN, WIDTH, seeded_network
from maxwhisper import Port


class Linear(nn.Module):
    def __init__(self, n_in, n_out, device):
        super().__init__()
        self.weight = Weight("weight", DType.float32, (n_out, n_in), device)
        self.bias = Weight("bias", DType.float32, (n_out,), device)

    def __call__(self, x: TensorValue) -> TensorValue:
        return x @ self.weight.T + self.bias


class Network(nn.Module):
    def __init__(self, device):
        super().__init__()
        self.first = Linear(WIDTH, HIDDEN, device)
        self.second = Linear(HIDDEN, WIDTH, device)

    def __call__(self, x: TensorValue) -> TensorValue:
        return self.second(ops.gelu(self.first(x)))


def weights(state):
    names = {"grow": "first", "shrink": "second"}
    parts = (name.split(".") for name in state)
    return {f"{names[a]}.{b}": state[f"{a}.{b}"] for a, b in parts}


def port() -> Port:
    torch.manual_seed(1)
    return Port(
        reference=seeded_network(),
        candidate=lambda device, dtype: Network(device),
        inputs={"x": torch.randn(1, 6, WIDTH)},
        weights=weights,
    )
"""
WITH_A_TABLE = """\
import torch
from max.dtype import DType
from max.graph import DeviceRef, Weight, ops
from max.nn import LayerNorm, Linear, Module
from torch import nn

from maxwhisper import Port

D = 6


class Table(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Parameter(torch.randn(5, D))
        self.register_buffer("index", torch.arange(16) % 5)

    def forward(self):
        return self.table[self.index]


class Reference(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(D, D)
        self.positions = Table()
        self.norm = nn.LayerNorm(D)
        self.unused = nn.Linear(D, D)
        self.last = nn.Linear(D, D)

    def forward(self, x):
        hidden = self.norm(self.first(x) + self.positions())
        self.unused(hidden)
        return self.last(hidden)


class Candidate(Module):
    def __init__(self, dtype, device):
        super().__init__()
        self.first = Linear(D, D, dtype, device, has_bias=True)
        self.norm = LayerNorm(D, [device], dtype, eps=1e-5)
        self.unused = Linear(D, D, dtype, device, has_bias=True)
        self.last = Linear(D, D, dtype, device, has_bias=True)
        self.bias = Weight("bias", dtype, (16, D), device)

    def __call__(self, x):
        x = x.reshape((2, 4, 4, D))
        x = self.first(x) + self.bias.reshape((1, 4, 4, D))
        x = self.norm(x)
        self.unused(x)
        x = self.last(x)
        return x


def weights(state):
    bias = state["positions.table"][state["positions.index"]]
    return {**state, "bias": bias}


def port() -> Port:
    torch.manual_seed(0)
    reference = Reference()
    for each in reference.parameters():
        each.data += 0.1 * torch.randn_like(each)
    return Port(
        reference=reference,
        candidate=lambda device, dtype: Candidate(dtype, device),
        inputs={"x": torch.randn(2, 16, D)},
        weights=weights,
    )
"""
"""Of channels last, and with a table that the port has worked out beforehand."""


def write_port(folder: Path, *edits: tuple[str, str]) -> Path:
    """A file whose modules have other names than PyTorch's, with some text replaced."""
    return write_edited(folder, TEXT, *edits)


def write_edited(folder: Path, text: str, *edits: tuple[str, str]) -> Path:
    """A port's file of a text in which each of some others, found once, is replaced."""
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = folder / "my_port.py"
    path.write_text(text)
    return path
