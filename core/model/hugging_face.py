"""Hugging Face's Whispers: sizes from ``config.json``, and openai's names for tensors.

The network is the same. Its tensors have other names (`core.model.naming`), the embedding
of tokens is there twice where it was saved untied, and the sizes stand in a file beside
the weights.
"""

import base64
import gzip
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from whisper.model import ModelDimensions

from core.model.naming import HUGGING_FACE
from core.model.weight_files import read_settings
from debug.protocol.diagnostic import Problem

WRAPPERS = re.compile(r"^(?:_orig_mod\.|module\.|model\.)+")
"""What trainers and Hugging Face put before the names of a whole model."""
HEAD = "proj_out.weight"
"""The decoder's last layer, which is its embedding of tokens once more."""


def openai_state(state: Mapping[str, Tensor], source: str) -> dict[str, Tensor]:
    """The tensors by openai's names, whether they have those or Hugging Face's.

    Args:
        state: what the file holds.
        source: what to call it in messages.

    Raises:
        Problem: its decoder ends in a layer that openai's does not have.
    """
    bare = {WRAPPERS.sub("", name): tensor for name, tensor in state.items()}
    if "encoder.layers.0.fc1.weight" in bare:
        bare = {HUGGING_FACE.openais(name): tensor for name, tensor in bare.items()}
    head = bare.pop(HEAD, None)
    tokens = bare.get("decoder.token_embedding.weight")
    if head is not None and tokens is not None and not torch.equal(head, tokens):
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
        Problem: a size is missing, or the network is not openai's.
    """
    for setting, usual in {"activation_function": "gelu", "scale_embedding": False}.items():
        if (given := config.get(setting, usual)) != usual:
            message = f"{source} has {setting} {given} in config.json"
            raise Problem("model", f"{message}, and openai's Whisper has {usual}")
    names = (
        *("num_mel_bins", "max_source_positions", "d_model"),
        *("encoder_attention_heads", "encoder_layers"),
        *("vocab_size", "max_target_positions", "d_model"),
        *("decoder_attention_heads", "decoder_layers"),
    )
    for name in names:
        if type(config.get(name)) is not int or config[name] < 1:
            message = f"{name} in the config.json of {source} is {config.get(name)}"
            raise Problem("model", f"{message}: it must be a number; download it again")
    dims = ModelDimensions(*(config[name] for name in names))
    for heads in (dims.n_audio_head, dims.n_text_head):
        if dims.n_audio_state % heads:
            message = f"{heads} heads in the config.json of {source} do not divide"
            raise Problem("model", f"{message} d_model {dims.n_audio_state}; correct it")
    return dims


def alignment_heads(settings: Mapping[str, Any], dims: ModelDimensions) -> bytes | None:
    """The heads of ``generation_config.json`` that tell when words are said, as openai
    packs them; None if it names none."""
    pairs = settings.get("alignment_heads")
    if not pairs:
        return None
    chosen = np.zeros((dims.n_text_layer, dims.n_text_head), dtype=bool)
    try:
        for layer, head in pairs:
            chosen[layer, head] = True
    except (IndexError, TypeError, ValueError) as error:
        message = f"alignment_heads of generation_config.json do not exist: {error}"
        raise Problem("model", f"{message}; remove them there") from error
    return base64.b85encode(gzip.compress(chosen.tobytes()))
