"""openai's own encoder, prepared to be compared with."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from whisper.model import AudioEncoder, ModelDimensions, disable_sdpa


def build_encoder(dims: ModelDimensions) -> AudioEncoder:
    """openai-whisper's encoder with the weights that PyTorch draws."""
    return AudioEncoder(*encoder_sizes(dims))


def encoder_sizes(dims: ModelDimensions) -> list[int]:
    """What either side's encoder is built from, in openai's order."""
    return [
        dims.n_mels,
        dims.n_audio_ctx,
        dims.n_audio_state,
        dims.n_audio_head,
        dims.n_audio_layer,
    ]


def load_encoder(dims: ModelDimensions, state: dict[str, Tensor]) -> AudioEncoder:
    """openai-whisper's encoder with these weights themselves, not with copies."""
    with drawing_no_weights():
        encoder = build_encoder(dims)
    encoder.load_state_dict(state, assign=True)
    return encoder.eval()


_DRAWS = ("kaiming_uniform_", "normal_", "uniform_")
"""What PyTorch's layers call for the weights that they begin with."""


class _DrawsNothing(TorchFunctionMode):
    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if func.__name__ in _DRAWS:
            return args[0] if args else (kwargs or {})["tensor"]
        return func(*args, **(kwargs or {}))


@contextmanager
def drawing_no_weights() -> Iterator[None]:
    """For models that are given their weights: what is not written takes no memory."""
    with _DrawsNothing():
        yield


def run_encoder(encoder: torch.nn.Module, mel: Tensor) -> None:
    """Runs it with explicit attention: SDPA, the default, never forms ``qk``."""
    with disable_sdpa():
        encoder(mel)
