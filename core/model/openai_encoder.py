"""openai's own encoder, prepared to be compared with."""

import torch
from torch import Tensor
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
    """openai-whisper's encoder in float32 on the CPU."""
    encoder = build_encoder(dims)
    encoder.load_state_dict(state)
    return encoder.eval()


def run_encoder(encoder: torch.nn.Module, mel: Tensor) -> None:
    """Runs it with explicit attention: SDPA, the default, never forms ``qk``."""
    with disable_sdpa():
        encoder(mel)
