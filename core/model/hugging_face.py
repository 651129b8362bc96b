"""Hugging Face's Whispers: sizes from ``config.json``, and openai's names for tensors.

The network is the same. Its tensors have other names (`core.model.naming`), the embedding
of tokens is there twice where it was saved untied, and the sizes stand in a file beside
the weights.
"""

import base64
import gzip
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from whisper.model import ModelDimensions

from core.model.naming import HUGGING_FACE
from core.model.validation import SIZES, shown, sizes
from core.model.weight_files import read_settings
from debug.protocol.diagnostic import Problem, cut

WRAPPERS = re.compile(r"^(?:_orig_mod\.|module\.|model\.)+")
"""What trainers and Hugging Face put before the names of a whole model."""
HEAD = "proj_out.weight"
"""The decoder's last layer, which is its embedding of tokens once more."""

_NAMES = (
    *("num_mel_bins", "max_source_positions", "d_model"),
    *("encoder_attention_heads", "encoder_layers"),
    *("vocab_size", "max_target_positions", "d_model"),
    *("decoder_attention_heads", "decoder_layers"),
)
SETTINGS = dict(zip(SIZES, _NAMES, strict=True))
"""openai's sizes, and what they are called in ``config.json``."""


def openai_state(state: Mapping[str, Tensor], source: str) -> dict[str, Tensor]:
    """The tensors by openai's names, whether they have those or Hugging Face's.

    Args:
        state: what the file holds.
        source: what to call it in messages.

    Raises:
        Problem: its decoder ends in a layer that openai's does not have, or one name
            without its wrappers is another's.
    """
    bare: dict[str, Tensor] = {}
    for name, tensor in state.items():
        short = WRAPPERS.sub("", name)
        if short in bare:
            message = f"{source} holds {cut(short, 80)} twice, once as {cut(name, 80)}"
            raise Problem("model", f"{message}; save one of them")
        bare[short] = tensor
    if "encoder.layers.0.fc1.weight" in bare:
        bare = {HUGGING_FACE.openais(name): tensor for name, tensor in bare.items()}
    head = bare.pop(HEAD, None)
    tokens = bare.get("decoder.token_embedding.weight")
    if (
        head is not None
        and tokens is not None
        and not torch.equal(head.float(), tokens.float())
    ):
        message = f"{source} has a {HEAD} of its own, where openai's Whisper uses the"
        raise Problem("model", f"{message} embedding of tokens; tie the two and save again")
    return bare


def whisper_config(folder: Path) -> dict[str, Any]:
    """The ``config.json`` of a Whisper; empty if there is none."""
    config = read_settings(folder, "config.json")
    return config if config.get("model_type") == "whisper" else {}


def dims_of_config(config: Mapping[str, Any], source: str) -> ModelDimensions:
    """openai's sizes.

    Raises:
        Problem: a size is missing or can't be, or the network is not openai's.
    """
    for setting, usual in {"activation_function": "gelu", "scale_embedding": False}.items():
        if (given := config.get(setting, usual)) != usual:
            message = f"{source} has {setting} {shown(given)} in config.json, and openai's"
            raise Problem("model", f"{message} Whisper has {usual}: give another model")
    given = {size: config.get(setting) for size, setting in SETTINGS.items()}
    return sizes(given, f"the config.json of {source}", SETTINGS)


def alignment_heads(settings: Mapping[str, Any], dims: ModelDimensions) -> bytes | None:
    """The heads of ``generation_config.json`` that tell when words are said, as openai
    packs them; None if it names none."""
    pairs = settings.get("alignment_heads")
    if not pairs:
        return None
    chosen = np.zeros((dims.n_text_layer, dims.n_text_head), dtype=bool)
    for pair in pairs if isinstance(pairs, list) else [pairs]:
        match pair:
            case [int(layer), int(head)] if _within(chosen.shape, pair):
                chosen[layer, head] = True
            case _:
                message = f"alignment_heads of generation_config.json has {shown(pair)}"
                rule = (
                    f"the decoder has {chosen.shape[0]} layers of {chosen.shape[1]} heads"
                )
                raise Problem("model", f"{message}, and {rule}; remove it there")
    return base64.b85encode(gzip.compress(chosen.tobytes()))


def _within(shape: Sequence[int], place: Sequence[int]) -> bool:
    """Whether an array of this shape has such a place, counted from 0."""
    pairs = zip(place, shape, strict=True)
    return all(type(each) is int and 0 <= each < size for each, size in pairs)
