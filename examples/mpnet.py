"""Modular's MPNet of `max.nn` beside Hugging Face's."""

from functools import partial
from typing import Any

import torch
from max.pipelines.architectures.mpnet import model_config
from max.pipelines.architectures.mpnet.graph import MPNetModel as MaxMPNet
from max.pipelines.architectures.mpnet.weight_adapters import convert_safetensor_state_dict
from transformers import MPNetConfig, MPNetModel

from maxwhisper import Port

PAD = 1


def port() -> Port:
    torch.manual_seed(0)
    sizes: Any = {"hidden_size": 64, "num_hidden_layers": 3, "num_attention_heads": 4}
    tokens: Any = {"vocab_size": 100, "max_position_embeddings": 40, "pad_token_id": PAD}
    config: Any = MPNetConfig(intermediate_size=128, **sizes, **tokens)
    ids = torch.randint(2, 100, (2, 12))
    ids[1, 8:] = PAD
    max_config = partial(model_config.MPNetConfig, pool_embeddings=False, max_seq_len=12)
    reference = MPNetModel(config, add_pooling_layer=False).eval()
    for weight in reference.parameters():  # as if trained: no norm is all ones
        weight.data += 0.1 * torch.randn_like(weight)
    return Port(
        reference=reference,
        candidate=lambda device, dtype: MaxMPNet(
            max_config(dtype=dtype, device=device, huggingface_config=config)
        ),
        inputs={"input_ids": ids, "attention_mask": (ids != PAD).float()},
        weights=convert_safetensor_state_dict,
    )
