"""The port that is attacked, of two files, and how they are saved."""

from collections.abc import Callable
from pathlib import Path

NEIGHBOUR = """\
from max.graph import ops


def activation(x):
    # here in the neighbour
    return ops.gelu(x)
"""
PORT = """\
import torch
from max import nn
from max.dtype import DType
from max.graph import DeviceRef, TensorValue, Weight, ops

from examples.two_layers.reference import HIDDEN, WIDTH, seeded_network
from maxwhisper import Port
from neighbour import activation
# here in the module


class Linear(nn.Module):
    def __init__(self, n_in, n_out, device):
        super().__init__()
        # here in the constructor
        self.weight = Weight("weight", DType.float32, (n_out, n_in), device)
        self.bias = Weight("bias", DType.float32, (n_out,), device)

    def __call__(self, x: TensorValue) -> TensorValue:
        # here in the call
        return x @ self.weight.T + self.bias


class Network(nn.Module):
    def __init__(self, device):
        super().__init__()
        self.first = Linear(WIDTH, HIDDEN, device)
        self.second = Linear(HIDDEN, WIDTH, device)

    def __call__(self, x: TensorValue) -> TensorValue:
        return self.second(activation(self.first(x)))


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
FILES = {"port.py": PORT, "neighbour.py": NEIGHBOUR}
PLACES = ("module", "constructor", "call", "neighbour")
IMPORT = PORT.splitlines().index("from neighbour import activation") + 1
"""The line of the port that imports its neighbour."""

Do = Callable[[Path], None]
"""Puts something in place, in the folder of the port."""


def put(file: str, text: str | bytes) -> Do:
    """A save as most editors do it: a new file takes the place of the old one."""

    def do(folder: Path) -> None:
        data = text if isinstance(text, bytes) else text.encode()
        beside = folder / f".{file}.new"
        beside.write_bytes(data)
        beside.replace(folder / file)

    return do


def file_of(place: str) -> str:
    return "neighbour.py" if place == "neighbour" else "port.py"


def line_of(place: str) -> int:
    """Where a line stands that was put at a place, from 1."""
    lines = FILES[file_of(place)].splitlines()
    (line,) = [each for each in lines if each.endswith(f"here in the {place}")]
    return lines.index(line) + 1


def at(place: str, line: str) -> Do:
    """One more line, or several, at a place of the port."""
    lines = FILES[file_of(place)].splitlines()
    mark = lines[line_of(place) - 1]
    indent = mark[: len(mark) - len(mark.lstrip())]
    lines[line_of(place) - 1] = "\n".join(indent + each for each in line.splitlines())
    return put(file_of(place), "\n".join(lines) + "\n")


def make_well(folder: Path) -> None:
    """Puts the good files back, whatever lies in their place."""
    for file, text in FILES.items():
        path = folder / file
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        elif path.is_symlink() or (path.exists() and not path.is_file()):
            path.unlink()
        put(file, text)(folder)
