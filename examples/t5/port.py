"""A model of one's own beside Hugging Face's T5: ``maxwhisper-tui port.py``."""

import re
from collections.abc import Mapping

import torch
from model import T5
from transformers import T5Config, T5Model

from maxwhisper import Port

RENAMES = {
    **{r"^shared": "tokens", r"\.final_layer_norm": "_norm"},
    **{r"\.block\.(\d+)\.layer\.(\d)\.layer_norm": r".\1.norm_\2"},
    **{r"\.block.*\.relative_attention_bias": "_bias.table"},
    **{r"\.block\.(\d+)\.layer\.\d": r".\1", "DenseReluDense": "mlp"},
    **{"SelfAttention": "attention", "EncDecAttention": "cross"},
}


def adapted(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    weights = {n: w for n, w in state.items() if "embed_tokens" not in n}
    for pattern, ours in RENAMES.items():
        weights = {re.sub(pattern, ours, name): w for name, w in weights.items()}
    return weights


def port() -> Port:
    ids = torch.randint(100, (2, 14), generator=torch.manual_seed(0))
    config = T5Config(
        vocab_size=100, d_model=48, d_kv=12, d_ff=96, num_layers=2, num_heads=4,
        feed_forward_proj="gated-gelu",
    )  # fmt: skip
    reference = T5Model(config)
    for weight in reference.parameters():  # as if trained
        weight.data += 0.1 * torch.randn_like(weight)
    candidate = lambda device, dtype: T5(48, 4, 2, 100, dtype, device)  # noqa: E731
    inputs = {"input_ids": ids, "decoder_input_ids": ids[:, 5:]}
    return Port(reference, candidate, inputs, weights=adapted)
