"""From openai's checkpoint to MAX's layout: the names stay, two layouts change."""

import linecache
import re
from collections.abc import Mapping
from pathlib import Path

import torch
from max import nn
from max.driver import Buffer, Device
from max.dtype import DType
from torch import Tensor

from debug.candidate.buffers import on_device
from debug.protocol.diagnostic import Problem


def to_max_layout(name: str, tensor: Tensor) -> Tensor:
    """One tensor as `core.encoder` declares it.

    A convolution's (n_out, n_in, kernel) becomes (kernel, n_in, n_out).
    """
    if name in ("conv1.weight", "conv2.weight"):
        return tensor.permute(2, 1, 0)
    return tensor


def to_buffer(name: str, tensor: Tensor, dtype: DType, device: Device) -> Buffer:
    """A tensor of the checkpoint as a weight on its device."""
    narrowed = to_max_layout(name, tensor).to(getattr(torch, dtype.name))
    return on_device(narrowed.contiguous(), device)


def check_weights(module: nn.Module, state: Mapping[str, Tensor], graph: Path) -> None:
    """Accounts for every tensor, on both sides.

    Raises:
        Problem: the encoder declares a weight that the checkpoint lacks, leaves one out,
            or declares one in another shape; the message names it, at its line.
    """
    declared = module.raw_state_dict()
    for name, weight in declared.items():
        if name not in state:
            message = f"the encoder declares the weight {name}, the checkpoint has none"
            raise _problem(f"{message}: name it as openai does", module, name, graph)
        shape = [int(dim) for dim in weight.shape]
        actual = list(to_max_layout(name, state[name]).shape)
        if shape != actual:
            message = f"the encoder declares {name} as {shape}, the checkpoint has {actual}"
            raise _problem(f"{message}: see core/weights.py", module, name, graph)
    if unused := [name for name in state if name not in declared]:
        names = ", ".join(unused[:3]) + (", ..." if len(unused) > 3 else "")
        message = (
            f"the encoder leaves {len(unused)} of the checkpoint's weights out: {names}"
        )
        raise _problem(f"{message}: declare them as openai does", module, unused[0], graph)


def _problem(message: str, module: nn.Module, name: str, graph: Path) -> Problem:
    path, line = declaration(module, name) or (str(graph), None)
    return Problem("weights", message, path, line)


def declaration(module: nn.Module, name: str) -> tuple[str, int] | None:
    """The line that declares a weight, or the constructor where it should be."""
    *parents, attribute = name.split(".")
    for parent in parents:
        child = module.sublayers.get(parent)
        if child is None:
            attribute = parent
            break
        module = child
    code = getattr(type(module).__init__, "__code__", None)
    if code is None:
        return None
    lines = enumerate(linecache.getlines(code.co_filename), start=1)
    assignment = re.compile(rf"\s*self\.{attribute}\b[^=]*=")
    found = (n for n, text in lines if n >= code.co_firstlineno and assignment.match(text))
    return code.co_filename, next(found, code.co_firstlineno)
