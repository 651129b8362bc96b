"""A decoder of one's own beside Hugging Face's Llama: ``maxwhisper-tui port.py``."""

from collections.abc import Mapping

import torch
from model import Decoder
from transformers import LlamaConfig, LlamaModel

from maxwhisper import Port

RENAMES = {
    **{"embed_tokens": "tokens", "layers.": "blocks.", "self_attn": "attention"},
    **{"q_proj": "query", "k_proj": "key", "v_proj": "value", "o_proj": "out"},
    **{"post_attention_layernorm": "mlp_norm", "input_layernorm": "attention_norm"},
    **{"gate_proj": "gate", "up_proj": "up", "down_proj": "down"},
}


def adapted(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    weights = {}
    for name, value in state.items():
        for theirs, ours in RENAMES.items():
            name = name.replace(theirs, ours)
        weights[name] = value
    return weights


def port() -> Port:
    ids = torch.randint(100, (2, 12), generator=torch.manual_seed(0))
    config = LlamaConfig(
        vocab_size=100, hidden_size=48, intermediate_size=96, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, use_cache=False,
    )  # fmt: skip
    reference = LlamaModel(config)
    for weight in reference.parameters():  # as if trained: no norm is all ones
        weight.data += 0.1 * torch.randn_like(weight)
    candidate = lambda device, dtype: Decoder(48, 4, 2, 2, 100, dtype, device)  # noqa: E731
    return Port(reference, candidate, {"input_ids": ids}, weights=adapted)
