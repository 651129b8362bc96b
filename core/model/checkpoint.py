"""Finds a Whisper by name or file and loads it."""

import os
import re
import urllib.error
from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
import whisper
from torch import Tensor, nn
from whisper.model import ModelDimensions, Whisper

from core.model.dims import SIZE_NAMES, dimensions
from core.model.file_tensors import FileTensors, Stamp
from core.model.foreign import (
    adapter,
    foreign_config,
    foreign_file,
    foreign_folder,
)
from core.model.hub import HUB_NAME, download
from core.model.hugging_face import (
    alignment_heads,
    dims_of_config,
    openai_state,
    whisper_config,
)
from core.model.openai_encoder import drawing_no_weights
from core.model.random_weights import RandomState, is_in_a_decoders_block
from core.model.shapes import check_shapes, dims_of_shapes
from core.model.validation import LONGEST, sizes, tensors
from core.model.weight_files import (
    WEIGHT_FILES,
    files_of,
    read_file,
    read_json,
    read_settings,
)
from debug.protocol.diagnostic import Problem, cut
from debug.protocol.plain import plain

MICRO = Path(__file__).parents[1] / "checkpoints" / "micro.pt"
"""The bundled model: see the README beside it."""
LARGE = 1 << 30
"""Bytes in float32 from which a decoder is worth less memory for more time."""
SEED = re.compile("[0-9]{1,18}")
ADDRESS = re.compile("[a-z][a-z0-9+.-]+://")
FILE_ENDINGS = (".pt", ".pth", ".bin", ".safetensors", ".json")


@dataclass(frozen=True)
class Checkpoint:
    name: str
    note: str
    """What to say beside the name, such as "random weights"; empty if there is nothing."""
    dims: ModelDimensions
    state: Mapping[str, Tensor]
    """openai's names and layouts; the encoder's begin with ``encoder.``."""
    alignment_heads: bytes | None = None
    """The heads that word timestamps are read from, as openai packs them."""

    @property
    def title(self) -> str:
        return f"{self.name} ({self.note})" if self.note else self.name

    def shortened(self, n_positions: int) -> "Checkpoint":
        """The same model of a shorter window: the encoder has a position for each 20 ms,
        and only the first of them are kept."""
        if n_positions == self.dims.n_audio_ctx:
            return self
        table = "encoder.positional_embedding"
        shorter = {table: self.state[table][:n_positions]}
        # Nobody writes into it.
        state = ChainMap(shorter, self.state)  # pyright: ignore[reportArgumentType]
        dims = replace(self.dims, n_audio_ctx=n_positions)
        return replace(self, dims=dims, state=state)

    def encoder_state(self) -> dict[str, Tensor]:
        """The encoder's tensors in float32, without their prefix."""
        return self._part("encoder.")

    def _part(self, prefix: str = "") -> dict[str, Tensor]:
        return {n.removeprefix(prefix): self.state[n].float() for n in self._names(prefix)}

    def _names(self, prefix: str) -> list[str]:
        return [name for name in self.state if name.startswith(prefix)]

    def build(self) -> Whisper:
        """openai's Whisper with these weights, in float32 on the CPU."""
        with drawing_no_weights():
            model = Whisper(self.dims)
        model.load_state_dict(self._part(), assign=True)
        return self._ready(model)

    def build_decoder(self) -> Whisper:
        """The same without an encoder: for features that are there already.

        Of a large decoder the matrices in its blocks stay in the file's precision, often
        half of float32's memory. openai's `Linear` widens each when it multiplies by it,
        so that the numbers are the same.
        """
        with drawing_no_weights():
            model = Whisper(self.dims)
        model.encoder = nn.Identity()  # pyright: ignore[reportAttributeAccessIssue]
        is_large = 4 * sum(map(torch.numel, model.decoder.parameters())) > LARGE
        weights = {}
        for name in self._names("decoder."):
            weight = self.state[name]
            stays = is_large and is_in_a_decoders_block(name, weight)
            is_narrow = weight.itemsize < torch.float32.itemsize
            kept = weight if stays and is_narrow else weight.float()
            weights[name.removeprefix("decoder.")] = kept
        model.decoder.load_state_dict(weights, assign=True)
        return self._ready(model)

    def _ready(self, model: Whisper) -> Whisper:
        if self.alignment_heads is not None:
            model.set_alignment_heads(self.alignment_heads)
        return model.eval()


def load_checkpoint(name: str) -> Checkpoint:
    """Loads a model by name, or from a file, a folder or the Hugging Face hub.

    ``micro`` is bundled; an official name is openai's; ``random:NAME`` has random weights
    of seed 0, and ``random:NAME:SEED`` of another; ``owner/name`` is the hub's, where no
    such path exists.

    Raises:
        Problem: there is no such model, what is there is no Whisper, or it can't be
            downloaded; the message says where to put it.
    """
    try:
        return _load(name)
    except OSError as error:
        message = f"{cut(name, 80)} can't be read ({error.strerror or error})"
        raise Problem("model", f"{message}; give another path, or --model micro") from error


def _load(name: str) -> Checkpoint:
    if not name.strip():
        raise Problem("model", "--model is empty; give a name or a path, such as micro")
    if ADDRESS.match(name):
        message = f"{cut(name, 80)} is an address; download it first"
        raise Problem("model", f"{message}, and give the file")
    if name == "micro":
        return _from_file(MICRO)
    if name.startswith("random:"):
        return _random(name, name.removeprefix("random:"))
    if name in whisper.available_models():
        return _official(name)
    path = Path(os.path.expanduser(name))
    if path.is_dir():
        return _from_folder(path)
    if path.exists() or name.endswith(FILE_ENDINGS):
        return _from_file(path)
    if HUB_NAME.fullmatch(name):
        return _from_folder(download(name), name)
    if os.sep in name:
        return _from_file(path)
    choices = "micro, random:NAME, a file or folder, owner/name of the Hugging Face hub, "
    choices += "or " + ", ".join(whisper.available_models())
    raise Problem("model", f"unknown model {cut(name, 80)!r}; choose {choices}")


def _random(name: str, asked: str) -> Checkpoint:
    size, _, seed = asked.partition(":")
    if seed and not SEED.fullmatch(seed):
        message = f"the seed in {cut(name, 80)} is no whole number of up to 18 digits"
        raise Problem("model", f"{message}; give one, as random:tiny:1")
    dims = dimensions(size)
    if dims is None:
        message = f"unknown size {cut(size, 80)!r} in {cut(name, 80)}"
        raise Problem("model", f"{message}; choose {', '.join(SIZE_NAMES)}")
    return Checkpoint(name, "random weights", dims, RandomState(dims, int(seed or 0)))


def cache_folder() -> Path:
    """Where openai-whisper keeps its downloads."""
    base = os.getenv("XDG_CACHE_HOME", os.path.join(os.path.expanduser("~"), ".cache"))
    return Path(base) / "whisper"


def cached_file(name: str) -> Path:
    """The file of an official model in openai-whisper's cache."""
    return cache_folder() / Path(whisper._MODELS[name]).name


def _official(name: str) -> Checkpoint:
    file, url = cached_file(name), whisper._MODELS[name]
    try:
        whisper._download(url, str(file.parent), in_memory=False)
    except (urllib.error.URLError, OSError, RuntimeError) as error:
        # An interrupted download leaves a short file, which the checksum would refuse.
        reason = getattr(error, "reason", None) or error
        raise Problem(
            "model",
            f"can't download {name} ({reason}): put {url} at {file}, or use --model micro",
        ) from error
    heads = whisper._ALIGNMENT_HEADS[name]
    return replace(_from_file(file, name), note="", alignment_heads=heads)


def _from_file(path: Path, name: str | None = None) -> Checkpoint:
    """A file as openai publishes them, or one with nothing but tensors, or an index.

    Raises:
        Problem: it is no Whisper; says what it is.
    """
    if what := foreign_file(path):
        raise Problem("model", f"{path.name} is {what}")
    stamps = [Stamp(each, each.stat()) for each in files_of(path)]
    contents = read_file(path)
    state = openai_state(tensors(contents, path.name), path.name)
    name = name or _one_word(path.stem)
    given = contents if isinstance(contents, dict) else {}
    note = _in_one_line(given.get("note", ""))
    dims = sizes(given["dims"], path.name) if given.get("dims") is not None else None
    heads = None
    if dims is None and (config := whisper_config(path.parent)):
        dims = dims_of_config(config, name)
        heads = alignment_heads(read_settings(path.parent, "generation_config.json"), dims)
    elif dims is None:
        dims = dims_of_shapes(state, path.name)
        note = ", ".join(filter(None, [note, f"{dims.n_audio_head} heads assumed"]))
    check_shapes(path.name, dims, state)
    return Checkpoint(name, note, dims, FileTensors(state, stamps), heads)


def _from_folder(folder: Path, name: str | None = None) -> Checkpoint:
    """A model as Hugging Face's programs save it, or a folder with one file of openai's.

    Raises:
        Problem: it is no Whisper; says what it is.
    """
    name = name or _one_word(folder.resolve().name)
    files = [folder / each for each in WEIGHT_FILES if (folder / each).is_file()]
    adapter_settings = folder / "adapter_config.json"
    if not files and adapter_settings.is_file():
        raise Problem("model", f"{name} is {adapter(read_json(adapter_settings))}")
    if what := foreign_config(read_settings(folder, "config.json")):
        raise Problem("model", f"{name} is {what}")
    if not files:
        files = sorted([*folder.glob("*.pt"), *folder.glob("*.safetensors")])
        if len(files) != 1:
            several = ", ".join(each.name for each in files[:3])
            what = f"a folder with {several}: give one of them" if files else None
            raise Problem("model", f"{name} is {what or foreign_folder(folder)}")
    return _from_file(files[0], name)


def _one_word(name: str) -> str:
    """Messages hold a model's name among words of their own."""
    return "-".join(_in_one_line(name).split())


def _in_one_line(text: object) -> str:
    """What a file says of itself, as it may stand in a title."""
    return cut(" ".join(plain(str(text)).split()), LONGEST)
