"""A small right checkpoint, as openai and Hugging Face write one, to be made odd."""

import io
import json
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save as safetensors_bytes
from torch import Tensor
from whisper.model import ModelDimensions

from core.model.naming import HUGGING_FACE
from core.model.random_weights import random_state
from scripts.torture.attempts import Write

SMALL = ModelDimensions(80, 1500, 64, 1, 1, 100, 16, 64, 1, 1)
CONV = "encoder.conv1.weight"
CONFIG = {
    "model_type": "whisper",
    "num_mel_bins": 80,
    "max_source_positions": 1500,
    "d_model": 64,
    "encoder_attention_heads": 1,
    "encoder_layers": 1,
    "vocab_size": 100,
    "max_target_positions": 16,
    "decoder_attention_heads": 1,
    "decoder_layers": 1,
}


@cache
def right_state() -> dict[str, Tensor]:
    return random_state(SMALL)


def state() -> dict[Any, Any]:
    """A right state, to be changed."""
    return dict(right_state())


def contents(**dims: Any) -> dict[str, Any]:
    """What openai's file holds, with other dims."""
    return {"dims": {**asdict(SMALL), **dims}, "model_state_dict": state()}


def hugging_faces() -> dict[str, Tensor]:
    return {f"model.{HUGGING_FACE.of(name)}": each for name, each in state().items()}


def saved(what: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(what, buffer)
    return buffer.getvalue()


def file(data: bytes | Callable[[], bytes], name: str = "mine.pt") -> Write:
    def write(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(data() if callable(data) else data)
        return path

    return write


def pytorch(what: Callable[[], Any]) -> Write:
    return file(lambda: saved(what()))


def folder_with(**files: bytes | Callable[[], bytes]) -> Write:
    """A folder of Hugging Face's; ``__`` stands for a dot in a file's name."""

    def write(folder: Path) -> Path:
        whole = {"config__json": json.dumps(CONFIG).encode(), **files}
        if not any(name.startswith(("model", "pytorch")) for name in files):
            whole["model__safetensors"] = lambda: safetensors_bytes(hugging_faces())
        for name, data in whole.items():
            file(data, name.replace("__", "."))(folder)
        return folder

    return write
