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
