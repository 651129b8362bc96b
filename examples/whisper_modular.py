"""Modular's Whisper encoder beside Hugging Face's, bridged where it is unfinished: no
``n_heads``, frames before mels, its whole position table, kernels (taps, in, out)."""

import re
from typing import Any

import torch
from max.pipelines.architectures.whisper.encoder import WhisperEncoder
from transformers import WhisperConfig, WhisperModel

from maxwhisper import Port

RENAMES = {
    r"self_attn\.([qkvo])(ut)?_proj": r"attention.w\1",
    "self_attn_layer_norm": "attention_norm",
    "final_layer_norm": "mlp_norm",
    "^layer_norm": "norm",
    "fc": "mlp.fc",
}


def adapted(state: Any) -> dict[str, torch.Tensor]:
    weights = {}
    for name, value in state.items():
        for theirs, ours in RENAMES.items():
            name = re.sub(theirs, ours, name)
        weights[name] = value.permute(2, 1, 0) if value.ndim == 3 else value
    return weights


def port() -> Port:
    torch.manual_seed(0)
    sizes: Any = {"num_mel_bins": 8, "max_source_positions": 50, "n_heads": 6}
    config: Any = WhisperConfig(d_model=48, encoder_layers=2, decoder_layers=0, **sizes)
    encoder, mels = WhisperModel(config).encoder, torch.randn(1, 8, 100)
    for weight in encoder.parameters():  # as if trained: no norm is all ones
        weight.data += 0.1 * torch.randn_like(weight)
    candidate = lambda device, dtype: WhisperEncoder(config, dtype, device)  # noqa: E731
    inputs = {"input_features": mels}
    return Port(encoder, candidate, inputs, candidate_inputs=[mels.mT], weights=adapted)
