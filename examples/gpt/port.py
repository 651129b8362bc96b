"""A decoder of one's own beside Hugging Face's GPT-2: ``maxwhisper-tui port.py``."""

import re
from collections.abc import Mapping

import torch
from model import Decoder
from transformers import GPT2Config, GPT2Model

from maxwhisper import Port

RENAMES = {
    **{"^wte": "tokens", "^wpe": "positions", "^h": "blocks"},
    **{"attn.c_attn": "attention.qkv", "attn.c_proj": "attention.out"},
    **{"mlp.c_fc": "up", "mlp.c_proj": "down"},
    **{"ln_1": "attention_norm", "ln_2": "mlp_norm", "ln_f": "norm"},
}


def adapted(state: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    weights = {}
    for name, value in state.items():
        weight = value.T if re.search(r"c_\w+\.weight", name) else value
        for theirs, ours in RENAMES.items():
            name = re.sub(theirs, ours, name)
        weights[name] = weight
    return weights


def port() -> Port:
    ids = torch.randint(100, (2, 12), generator=torch.manual_seed(0))
    config = GPT2Config(vocab_size=100, n_positions=20, n_embd=32, n_layer=2, n_head=4)
    reference = GPT2Model(config)
    for weight in reference.parameters():  # as if trained: no norm is all ones
        weight.data += 0.1 * torch.randn_like(weight)
    candidate = lambda device, dtype: Decoder(32, 4, 2, 100, 20, dtype, device)  # noqa: E731
    return Port(reference, candidate, {"input_ids": ids}, weights=adapted)
