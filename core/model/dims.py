"""The sizes of the official models, and of the tensors that follow from them."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
import whisper
from torch.overrides import TorchFunctionMode
from whisper.model import ModelDimensions, TextDecoder

from core.model.openai_encoder import build_encoder

# n_mels, n_audio_ctx, n_audio_state, n_audio_head, n_audio_layer,
# n_vocab, n_text_ctx, n_text_state, n_text_head, n_text_layer
_SIZES = {
    "micro": ModelDimensions(80, 1500, 128, 2, 4, 51864, 448, 128, 2, 2),
    "tiny": ModelDimensions(80, 1500, 384, 6, 4, 51865, 448, 384, 6, 4),
    "base": ModelDimensions(80, 1500, 512, 8, 6, 51865, 448, 512, 8, 6),
    "small": ModelDimensions(80, 1500, 768, 12, 12, 51865, 448, 768, 12, 12),
    "medium": ModelDimensions(80, 1500, 1024, 16, 24, 51865, 448, 1024, 16, 24),
    "large-v2": ModelDimensions(80, 1500, 1280, 20, 32, 51865, 448, 1280, 20, 32),
    "large-v3": ModelDimensions(128, 1500, 1280, 20, 32, 51866, 448, 1280, 20, 32),
    "turbo": ModelDimensions(128, 1500, 1280, 20, 32, 51866, 448, 1280, 20, 4),
}
_SAME_SIZE = {"large-v1": "large-v2", "large": "large-v3", "large-v3-turbo": "turbo"}

SIZE_NAMES = ("micro", *whisper.available_models())


def dimensions(name: str) -> ModelDimensions | None:
    """The size of an official model, or of ``micro``; None for any other name."""
    if name not in SIZE_NAMES:
        return None
    size = _SIZES[_SAME_SIZE.get(name, name).removesuffix(".en")]
    return replace(size, n_vocab=51864) if name.endswith(".en") else size


def tensor_shapes(dims: ModelDimensions) -> dict[str, torch.Size]:
    """Every tensor of a checkpoint by openai's name."""
    with _WithoutMemory():
        encoder = build_encoder(dims)
        decoder = TextDecoder(
            dims.n_vocab,
            dims.n_text_ctx,
            dims.n_text_state,
            dims.n_text_head,
            dims.n_text_layer,
        )
    parts = {"encoder": encoder, "decoder": decoder}
    return {
        f"{part}.{name}": tensor.shape
        for part, module in parts.items()
        for name, tensor in module.state_dict().items()
    }


_FILLS = re.compile(r"[a-z]_$")
"""The names of what writes into a tensor: ``init.normal_``, ``Tensor.triu_``."""


class _WithoutMemory(TorchFunctionMode):
    """Parameters get a shape and neither memory nor values.

    ``torch.device("meta")`` is for the same, but has values drawn and the table of
    positions computed without memory, for which PyTorch imports its compiler: two seconds.
    """

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        options = dict(kwargs or {})
        if func is torch.empty:
            options["device"] = "meta"
        elif _FILLS.search(func.__name__):
            return options.get("tensor", *args[:1])
        return func(*args, **options)
