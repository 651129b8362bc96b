"""Modular's BERT beside Hugging Face's: ``maxwhisper-tui examples/bert.py``."""

from types import SimpleNamespace
from typing import Any, cast

import torch
from max.pipelines.architectures.bert.graph import BertModel as MaxBert
from max.pipelines.architectures.bert.weight_adapters import convert_safetensor_state_dict
from transformers import BertConfig, BertModel

from maxwhisper import Port


def port() -> Port:
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=100,
        hidden_size=64,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=128,
        max_position_embeddings=40,
    )
    known = {"huggingface_config": config, "pool_embeddings": False}
    ids = torch.randint(1, 100, (2, 12))
    mask = torch.ones(2, 12)
    mask[1, 8:] = 0
    reference = BertModel(config, add_pooling_layer=False).eval()
    for weight in reference.parameters():  # as if trained: no norm is all ones
        weight.data += 0.1 * torch.randn_like(weight)
    return Port(
        reference=reference,
        candidate=lambda device, dtype: MaxBert(
            cast(Any, SimpleNamespace(dtype=dtype, device=device, **known))
        ),
        inputs={"input_ids": ids, "attention_mask": mask},
        weights=convert_safetensor_state_dict,
    )
