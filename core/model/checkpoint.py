"""Finds a Whisper by name or file and loads it."""

import os
import pickle
import urllib.error
from dataclasses import dataclass
from pathlib import Path

import torch
import whisper
from torch import Tensor
from whisper.model import ModelDimensions, Whisper

from core.model.dims import SIZE_NAMES, dimensions, tensor_shapes
from core.model.random_weights import random_state
from debug.protocol.diagnostic import Problem

MICRO = Path(__file__).parents[1] / "checkpoints" / "micro.pt"
"""The bundled model: see the README beside it."""


@dataclass(frozen=True)
class Checkpoint:
    name: str
    note: str
    """What to say beside the name, such as "random weights"; empty if there is nothing."""
    dims: ModelDimensions
    state: dict[str, Tensor]
    """openai's names and layouts; the encoder's begin with ``encoder.``."""
    alignment_heads: bytes | None = None
    """The heads that word timestamps are read from, as openai packs them."""

    @property
    def title(self) -> str:
        return f"{self.name} ({self.note})" if self.note else self.name

    def encoder_state(self) -> dict[str, Tensor]:
        """The encoder's tensors in float32, without their prefix."""
        prefix = "encoder."
        return {
            name.removeprefix(prefix): tensor.float()
            for name, tensor in self.state.items()
            if name.startswith(prefix)
        }

    def build(self) -> Whisper:
        """openai's Whisper with these weights, in float32 on the CPU."""
        model = Whisper(self.dims)
        model.load_state_dict(self.state)
        if self.alignment_heads is not None:
            model.set_alignment_heads(self.alignment_heads)
        return model.eval()


def load_checkpoint(name: str) -> Checkpoint:
    """Loads ``micro``, ``random:NAME``, an official name, or the path of a file.

    Random weights are those of seed 0, or of another: ``random:NAME:SEED``.

    Raises:
        Problem: there is no such model, the file is no checkpoint, or it can't be
            downloaded; the message says where to put it.
    """
    if name == "micro":
        return _from_file(MICRO)
    if name.startswith("random:"):
        return _random(name, name.removeprefix("random:"))
    if name in whisper.available_models():
        return _official(name)
    if os.sep in name or name.endswith((".pt", ".pth")) or Path(name).exists():
        return _from_file(Path(name))
    choices = "micro, random:NAME, a file, or " + ", ".join(whisper.available_models())
    raise Problem("model", f"unknown model {name!r}; choose {choices}")


def _random(name: str, asked: str) -> Checkpoint:
    size, _, seed = asked.partition(":")
    if seed and not seed.isdecimal():
        raise Problem(
            "model", f"the seed in {name} is no number; give one, as random:tiny:1"
        )
    dims = dimensions(size)
    if dims is None:
        message = f"unknown size {size!r} in {name}; choose {', '.join(SIZE_NAMES)}"
        raise Problem("model", message)
    return Checkpoint(name, "random weights", dims, random_state(dims, int(seed or 0)))


def cache_folder() -> Path:
    """Where openai-whisper keeps its downloads."""
    base = os.getenv("XDG_CACHE_HOME", os.path.join(os.path.expanduser("~"), ".cache"))
    return Path(base) / "whisper"


def cached_file(name: str) -> Path:
    """The file of an official model in openai-whisper's cache."""
    return cache_folder() / Path(whisper._MODELS[name]).name


def _official(name: str) -> Checkpoint:
    file = cached_file(name)
    try:
        model = whisper.load_model(name, device="cpu")
    except (urllib.error.URLError, OSError, RuntimeError) as error:
        # An interrupted download leaves a short file, which the checksum would refuse.
        url = whisper._MODELS[name]
        reason = getattr(error, "reason", None) or error
        raise Problem(
            "model",
            f"can't download {name} ({reason}): put {url} at {file}, or use --model micro",
        ) from error
    heads = whisper._ALIGNMENT_HEADS[name]
    return Checkpoint(name, "", model.dims, model.state_dict(), heads)


def _from_file(path: Path) -> Checkpoint:
    """A file as openai publishes them: ``dims`` and ``model_state_dict``."""
    contents = _read(path)
    try:
        dims = ModelDimensions(**contents["dims"])
        state = contents["model_state_dict"]
        note = str(contents.get("note", ""))
    except (KeyError, TypeError) as error:
        message = "is no Whisper checkpoint: it needs dims and model_state_dict"
        raise Problem("model", f"{path.name} {message}; save it as openai does") from error
    _check_shapes(path, dims, state)
    return Checkpoint(path.stem, note, dims, state)


def _read(path: Path) -> dict:
    try:
        contents = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        message = f"there is no file {path}; give a checkpoint's path, or --model micro"
        raise Problem("model", message) from error
    except (
        OSError,
        RuntimeError,
        EOFError,
        ValueError,
        pickle.UnpicklingError,
    ) as error:
        reason = str(error).strip().splitlines()[0][:100] if str(error).strip() else "empty"
        message = f"{path.name} is no checkpoint that PyTorch can read ({reason})"
        raise Problem("model", f"{message}; give a .pt file, or --model micro") from error
    return contents if isinstance(contents, dict) else {}


def _check_shapes(path: Path, dims: ModelDimensions, state: dict[str, Tensor]) -> None:
    """Refuses a file whose tensors do not have the sizes that its ``dims`` promise."""
    if dims.n_mels not in (80, 128) or dims.n_audio_ctx != 1500:
        size = f"{dims.n_mels} mels and {dims.n_audio_ctx} positions"
        message = "Whisper has 80 or 128 mels and 1500 positions"
        raise Problem("model", f"{path.name} has {size}; {message}")
    promised = tensor_shapes(dims)
    if extra := [name for name in state if name not in promised]:
        names = ", ".join(extra[:3]) + (", ..." if len(extra) > 3 else "")
        message = f"{path.name} holds tensors that no Whisper has: {names}"
        raise Problem("model", f"{message}; save model.state_dict()")
    for name, shape in promised.items():
        if name not in state:
            message = f"{path.name} lacks the tensor {name} that its dims promise"
            raise Problem("model", f"{message}; save it again")
        if state[name].shape != shape:
            shapes = f"{list(state[name].shape)}, its dims promise {list(shape)}"
            raise Problem("model", f"{name} in {path.name} is {shapes}; save it again")
