"""Reads tensors by name from one file, or from the shards that an index names.

What a file holds besides tensors is left to whoever reads it. What can't be read is said
in one line, with what to do about it.
"""

import json
import re
from pathlib import Path
from typing import Any

from torch import Tensor

from core.model.pytorch_file import read_pytorch
from debug.protocol.diagnostic import Problem, cut

INDEX = ".index.json"
SHARD = re.compile(r"\w[\w.-]{0,200}")
"""The name of one: of a file in the same folder, never elsewhere."""
WEIGHT_FILES = (
    "model.safetensors",
    f"model.safetensors{INDEX}",
    "pytorch_model.bin",
    f"pytorch_model.bin{INDEX}",
)
"""What Hugging Face calls a model's weights, in the order in which they are looked for."""


def needs_extra(package: str) -> Problem:
    """What is said where a package of the extra ``hf`` is not installed."""
    message = f"this model needs {package}, which is not installed"
    return Problem("model", f"{message}: pip install 'maxwhisper-tui[hf]'")


def read_json(path: Path) -> dict[str, Any]:
    """An object.

    Raises:
        Problem: the file can't be read, or holds something else.
    """
    try:
        contents = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        message = f"{path.name} in {path.parent} can't be read ({_reason(error)})"
        raise Problem("model", f"{message}; download it again") from error
    if not isinstance(contents, dict):
        message = f"{path.name} in {path.parent} holds no object with settings"
        raise Problem("model", f"{message}; download it again")
    return contents


def read_settings(folder: Path, file: str) -> dict[str, Any]:
    """A file of settings beside the weights; empty if there is none."""
    return read_json(folder / file) if (folder / file).is_file() else {}


def files_of(path: Path) -> list[Path]:
    """A file with weights, or an index with the shards that it names, as far as they are
    there."""
    named = [path]
    if path.name.endswith(INDEX) and path.is_file():
        named += [path.parent / name for name in sorted(set(shards(path).values()))]
    return [each for each in named if each.is_file()]


def read_file(path: Path) -> object:
    """The contents of a ``.safetensors`` file, an index, or a file of PyTorch's.

    Raises:
        Problem: there is no such file, or it can't be read.
    """
    if not path.is_file():
        if path.exists():
            message = f"{path} is a pipe or a device; give a checkpoint's path"
        else:
            message = f"there is no file {path}; give a checkpoint's path"
        raise Problem("model", f"{message}, or --model micro")
    if path.name.endswith(INDEX):
        return _read_shards(path)
    return _read_weights(path)


def _read_weights(path: Path) -> object:
    if path.suffix == ".safetensors":
        return _read_safetensors(path)
    return read_pytorch(path)


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        from safetensors import torch as reader
    except ImportError as error:
        raise needs_extra("safetensors") from error
    try:
        return reader.load_file(path)
    except Exception as error:  # whatever a file makes of that reader
        message = f"{path.name} is no whole safetensors file ({_reason(error)})"
        raise Problem("model", f"{message}; download it again") from error


def shards(index: Path) -> dict[str, str]:
    """Which file of its folder holds each tensor.

    Raises:
        Problem: the index does not say so.
    """
    files = read_json(index).get("weight_map")
    if not isinstance(files, dict) or not files:
        message = f"{index.name} names no shards: it needs a weight_map"
        raise Problem("model", f"{message}; download it again")
    for name in files.values():
        if not isinstance(name, str) or not SHARD.fullmatch(name) or name.endswith(INDEX):
            message = f"{index.name} names the shard {cut(repr(name), 80)}"
            rule = "it must be the name of a file beside it"
            raise Problem("model", f"{message}: {rule}; download it again")
    return files


def _read_shards(index: Path) -> dict[str, Any]:
    files = shards(index)
    contents: dict[str, Any] = {}
    for name in sorted(set(files.values())):
        shard = index.parent / name
        if not shard.is_file():
            message = f"{index.name} names the shard {name}, and {index.parent} has none"
            raise Problem("model", f"{message}; download it, too")
        read = _read_weights(shard)
        contents.update(read if isinstance(read, dict) else {})
    if lost := [name for name in files if name not in contents]:
        message = (
            f"{index.name} promises the tensor {cut(lost[0], 80)}, and no shard has it"
        )
        raise Problem("model", f"{message}; download the shards again")
    return contents


def _reason(error: Exception) -> str:
    said = str(error).strip().removeprefix("Error while deserializing header: ")
    if isinstance(error, RecursionError):
        return "it is nested too deep"
    return cut(said.splitlines()[0], 100) if said else type(error).__name__
