"""Modular's MPNet of `max.nn` beside Hugging Face's."""

import torch
from max.pipelines.architectures.mpnet.graph import MPNetModel as MaxMPNet
from max.pipelines.architectures.mpnet.model_config import MPNetConfig as MaxConfig
from max.pipelines.architectures.mpnet.weight_adapters import convert_safetensor_state_dict
from transformers import MPNetConfig, MPNetModel

from maxwhisper import Port


def port() -> Port:
    torch.manual_seed(0)
    config = MPNetConfig(
        vocab_size=100,
        hidden_size=64,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=128,
        max_position_embeddings=40,
    )
    ids = torch.randint(2, 100, (2, 12))
    ids[1, 8:] = config.pad_token_id
    return Port(
        reference=MPNetModel(config, add_pooling_layer=False).eval(),
        candidate=lambda device, dtype: MaxMPNet(
            MaxConfig(
                dtype=dtype,
                device=device,
                pool_embeddings=False,
                huggingface_config=config,
                max_seq_len=12,
            )
        ),
        inputs={"input_ids": ids, "attention_mask": (ids != config.pad_token_id).float()},
        weights=convert_safetensor_state_dict,
    )
