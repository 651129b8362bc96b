"""From openai's checkpoint to a port's weights: names and layouts that may differ.

A port declares its weights with names and shapes. The names are openai's, Hugging Face's or
Modular's (`core.model.naming`). A convolution's weight is openai's (n_out, n_in, kernel) or
MAX's (kernel, n_in, n_out): the declared shape tells which.
"""

import linecache
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from max import nn
from max.driver import Buffer, Device
from max.dtype import DType
from torch import Tensor
from whisper.model import sinusoids

from core.model.naming import OPENAI, Naming
from debug.candidate.buffers import on_device
from debug.protocol.diagnostic import Problem

POSITIONS = "positional_embedding"
CONVOLUTIONS = ("conv1.weight", "conv2.weight")


def to_max_layout(name: str, tensor: Tensor) -> Tensor:
    """One tensor as `core.encoder` declares it.

    A convolution's (n_out, n_in, kernel) becomes (kernel, n_in, n_out).
    """
    return tensor.permute(2, 1, 0) if name in CONVOLUTIONS else tensor


def in_declared_layout(name: str, tensor: Tensor, shape: Sequence[int]) -> Tensor:
    """One tensor as a port declares it, or in MAX's layout if it has neither shape."""
    return tensor if list(tensor.shape) == list(shape) else to_max_layout(name, tensor)


def to_buffer(
    name: str, tensor: Tensor, dtype: DType, shape: Sequence[int], device: Device
) -> Buffer:
    """A tensor of the checkpoint as a weight on its device, as it is declared."""
    laid = in_declared_layout(name, tensor, shape)
    narrowed = laid.to(getattr(torch, dtype.name))
    return on_device(narrowed.contiguous(), device)


def check_weights(
    module: nn.Module, state: Mapping[str, Tensor], graph: Path, naming: Naming = OPENAI
) -> None:
    """Accounts for every tensor, on both sides.

    Raises:
        Problem: the encoder declares a weight that the checkpoint lacks, leaves one out,
            or declares one in another shape; the message names it, at its line.
    """
    declared = module.raw_state_dict()
    names = {naming.of(name): name for name in state}
    for name, weight in declared.items():
        if name not in names:
            message = f"the encoder declares the weight {name}, the checkpoint has none"
            message = f"{message}: name it as {naming.whose} does"
            raise _problem(message, module, name, graph)
        shape = [int(dim) for dim in weight.shape]
        tensor = in_declared_layout(names[name], state[names[name]], shape)
        if shape != (actual := list(tensor.shape)):
            message = f"the encoder declares {name} as {shape}, the checkpoint has {actual}"
            raise _problem(f"{message}: see core/model/weights.py", module, name, graph)
    unused = [name for name in names if name not in declared]
    if naming.of(POSITIONS) in unused:
        _check_table(module, state[POSITIONS], graph, naming)
        unused.remove(naming.of(POSITIONS))
    if unused:
        listed = ", ".join(unused[:3]) + (", ..." if len(unused) > 3 else "")
        count = f"{len(unused)} of the checkpoint's weights"
        message = f"the encoder leaves {count} out: {listed}"
        message = f"{message}: declare them as {naming.whose} does"
        raise _problem(message, module, unused[0], graph)


def _check_table(module: nn.Module, table: Tensor, graph: Path, naming: Naming) -> None:
    """A port may compute the position table itself, if the checkpoint's can be computed."""
    name = naming.of(POSITIONS)
    exact = unrounded_table(table)
    if exact is None:
        message = f"the encoder leaves {name} out, and the checkpoint's is not the"
        raise _problem(f"{message} sinusoids: declare it", module, name, graph)
    if not torch.equal(exact, table):
        message = f"the encoder no longer has {name}, and PyTorch runs with the rounded one"
        raise _problem(f"{message} of the checkpoint: start again", module, name, graph)


def unrounded_table(table: Tensor) -> Tensor | None:
    """openai's sinusoids, if a position table is those, as far as its precision goes.

    Most checkpoints have been float16 once, and their tables are rounded to it: by 2^-12
    at most, for values are up to 1. Half as much again is allowed for.
    """
    if table.shape[1] % 2:
        return None
    exact = sinusoids(*table.shape)
    once_bfloat16 = torch.equal(table.bfloat16().float(), table)
    off = (table - exact).abs().max().item()
    return exact if off <= 1.5 * 2.0 ** (-9 if once_bfloat16 else -12) else None


def _problem(message: str, module: nn.Module, name: str, graph: Path) -> Problem:
    path, line = declaration(module, name) or (str(graph), None)
    return Problem("weights", message, path, line)


def declaration(module: nn.Module, name: str) -> tuple[str, int] | None:
    """The line that declares a weight, or the constructor where it should be.

    For a weight of one of MAX's own modules it is the line that makes the module.
    """
    owner, (attribute, *_) = module, name.split(".")
    *parents, last = name.split(".")
    for parent, below in zip(parents, [*parents, last][1:], strict=True):
        child = module.sublayers.get(parent)
        if child is None:
            owner, attribute = module, parent
            break
        module = child
        if not type(module).__module__.startswith("max.nn."):
            owner, attribute = module, below
    code = getattr(type(owner).__init__, "__code__", None)
    if code is None:
        return None
    lines = enumerate(linecache.getlines(code.co_filename), start=1)
    assignment = re.compile(rf"\s*self\.{attribute}\b[^=]*=")
    found = (n for n, text in lines if n >= code.co_firstlineno and assignment.match(text))
    return code.co_filename, next(found, code.co_firstlineno)
