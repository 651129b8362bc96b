"""Reads tensors by name from one file, or from the shards that an index names.

What a file holds besides tensors is left to whoever reads it. What can't be read is said
in one line, with what to do about it.
"""

import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from debug.protocol.diagnostic import Problem

INDEX = ".index.json"
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
    except (OSError, ValueError) as error:
        message = f"{path.name} in {path.parent} can't be read ({error})"
        raise Problem("model", f"{message}; download it again") from error
    return contents if isinstance(contents, dict) else {}


def read_settings(folder: Path, file: str) -> dict[str, Any]:
    """A file of settings beside the weights; empty if there is none."""
    return read_json(folder / file) if (folder / file).is_file() else {}


def read_file(path: Path) -> dict[str, Any]:
    """The contents of a ``.safetensors`` file, an index, or a file of PyTorch's.

    Raises:
        Problem: there is no such file, or it can't be read.
    """
    if not path.is_file():
        message = f"there is no file {path}; give a checkpoint's path, or --model micro"
        raise Problem("model", message)
    if path.name.endswith(INDEX):
        return _read_shards(path)
    if path.suffix == ".safetensors":
        return dict(_read_safetensors(path))
    return _read_torch(path)


def _read_safetensors(path: Path) -> dict[str, Tensor]:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError as error:
        raise needs_extra("safetensors") from error
    try:
        return load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        message = f"{path.name} is no whole safetensors file ({_reason(error)})"
        raise Problem("model", f"{message}; download it again") from error


def _read_shards(index: Path) -> dict[str, Any]:
    files = read_json(index).get("weight_map")
    if not isinstance(files, dict):
        message = f"{index.name} names no shards: it needs a weight_map"
        raise Problem("model", f"{message}; download it again")
    contents: dict[str, Any] = {}
    for name in sorted(set(files.values())):
        shard = index.parent / name
        if not shard.is_file():
            message = f"{index.name} names the shard {name}, and {index.parent} has none"
            raise Problem("model", f"{message}; download it, too")
        contents.update(read_file(shard))
    if lost := [name for name in files if name not in contents]:
        message = f"{index.name} promises the tensor {lost[0]}, and no shard holds it"
        raise Problem("model", f"{message}; download the shards again")
    return contents


def _read_torch(path: Path) -> dict[str, Any]:
    try:
        mapped = _can_be_mapped(path)
        contents = torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
    except (
        OSError,
        RuntimeError,
        EOFError,
        ValueError,
        pickle.UnpicklingError,
        zipfile.BadZipFile,
    ) as error:
        message = f"{path.name} is no checkpoint that PyTorch can read ({_reason(error)})"
        raise Problem("model", f"{message}; give a .pt file, or --model micro") from error
    return contents if isinstance(contents, dict) else {}


def _can_be_mapped(path: Path) -> bool:
    """Whether the file's tensors can be read when they are used, as the system sees fit:
    neither those of PyTorch's format of before 2020 nor compressed ones can."""
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        kinds = {each.compress_type for each in archive.infolist()}
    return kinds == {zipfile.ZIP_STORED}


def _reason(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:100] if str(error).strip() else "empty"
