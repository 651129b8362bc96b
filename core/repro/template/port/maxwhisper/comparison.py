"""Both sides of the layer, and what is to be said of their difference."""

import importlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .judging import judge
from .layout import laid_out, nearest
from .max_side import MaxSide
from .pytorch_side import PyTorchSide


def compared(folder: Path) -> tuple[str, bool]:
    """What is said of the port's layer, and whether it is wrong."""
    metrics: dict[str, Any] = json.loads((folder / "metrics.json").read_text())
    build, dtype = metrics["build"], metrics["dtype"]
    port = importlib.import_module(build["port"]).port()
    with np.load(folder / "inputs.npz") as saved:
        inputs = {name: torch.from_numpy(saved[name]) for name in saved.files}
    # PyTorch in the port's precision gives the floor; for float64, in float32.
    narrow = torch.float32 if dtype == "float64" else getattr(torch, dtype)
    theirs = PyTorchSide(port, _numbered("reference", inputs), build)
    rounded = [theirs.in_whole_run(narrow), theirs.alone(narrow)]
    exact, *rounded = (_in_port(x, build["layer"]) for x in (theirs.exact, *rounded))
    ours = MaxSide(port, _numbered("candidate", inputs), build, metrics["device"], dtype)
    value = ours.run(_argument(theirs.argument, build), _asides(theirs.aside, build))
    axes = build["layer"]["axes"]
    if axes and value.shape != exact.shape and value.ndim == len(axes):
        value = value.permute(axes)  # a port may keep the reference's own layout as well
    value = nearest(value, exact)
    return judge(value, exact.double(), rounded, dtype, metrics["limits"])


def _numbered(name: str, inputs: dict[str, Tensor]) -> list[Tensor]:
    count = sum(each.startswith(f"{name}.") for each in inputs)
    return [inputs[f"{name}.{number}"] for number in range(count)]


def _in_port(value: Tensor, layer: Any) -> Tensor:
    """What a layer of the reference returned, in the port's layout."""
    value = value.permute(layer["axes"]) if layer["axes"] else value
    return value.reshape(layer["shape"]) if layer["shape"] else value


def _argument(value: Tensor | None, build: Any) -> Tensor | None:
    """The input of the reference's layer, in the layout that the port's takes."""
    if value is None or build["argument"] is None:
        return None
    axes, back = _both_ways(build["layer"]["axes"])
    value = value.permute(axes) if axes and value.ndim == len(axes) else value
    return laid_out(value, build["argument"]["shape"], back, axes)


def _asides(values: Sequence[Tensor], build: Any) -> list[Tensor]:
    """What enters the layer beside its argument, in the port's layout."""
    return [
        laid_out(
            _in_port(value, each["layer"]),
            each["value"]["shape"],
            _both_ways(each["layer"]["axes"])[1],
        )
        for value, each in zip(values, build["aside"], strict=True)
    ]


def _both_ways(axes: Any) -> Any:
    """A permutation, and the one that undoes it."""
    if axes is None:
        return None, None
    return tuple(axes), tuple(axes.index(axis) for axis in range(len(axes)))
