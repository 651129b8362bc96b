"""A small decoder in the manner of GPT-2: one product for query, key and value, and a
causal mask. Its names are its own, not Hugging Face's."""

import math
from typing import Any

import numpy as np
from max.dtype import DType
from max.graph import DeviceRef, TensorType, TensorValue, ops
from max.nn import Embedding, LayerNorm, Linear, Module
from max.nn.layer import LayerList


class Attention(Module):
    def __init__(self, width: int, heads: int, dtype: DType, device: DeviceRef) -> None:
        super().__init__()
        self.heads, self.width = heads, width
        self.qkv = Linear(width, 3 * width, dtype, device, has_bias=True)
        self.out = Linear(width, width, dtype, device, has_bias=True)

    def __call__(self, x: TensorValue) -> TensorValue:
        qkv, width = self.qkv(x), self.width
        q = self.by_head(qkv[..., :width])
        k = self.by_head(qkv[..., width : 2 * width])
        v = self.by_head(qkv[..., 2 * width :])
        scores = q @ k.transpose(2, 3) / math.sqrt(width // self.heads)
        scores = scores + self.causal_mask(x)
        mixed = ops.softmax(scores) @ v
        return self.out(mixed.transpose(1, 2).reshape(x.shape))

    def by_head(self, x: TensorValue) -> TensorValue:
        """(batch, tokens, width) as (batch, heads, tokens, width of a head)."""
        batch, tokens, _ = x.shape
        return x.reshape((batch, tokens, self.heads, -1)).transpose(1, 2)

    def causal_mask(self, x: TensorValue) -> TensorValue:
        """Minus infinity where a token would see a later one."""
        tokens = int(x.shape[1])
        later = np.triu(np.full((tokens, tokens), -np.inf, np.float32), k=1)
        return ops.constant(later, DType.float32, x.device).cast(x.dtype)


class Block(Module):
    def __init__(self, width: int, heads: int, dtype: DType, device: DeviceRef) -> None:
        super().__init__()
        self.attention_norm = LayerNorm(width, [device], dtype, eps=1e-5)
        self.attention = Attention(width, heads, dtype, device)
        self.mlp_norm = LayerNorm(width, [device], dtype, eps=1e-5)
        self.up = Linear(width, 4 * width, dtype, device, has_bias=True)
        self.down = Linear(4 * width, width, dtype, device, has_bias=True)

    def __call__(self, x: TensorValue) -> TensorValue:
        x = x + self.attention(self.attention_norm(x))
        hidden = ops.gelu(self.up(self.mlp_norm(x)), "tanh")
        return x + self.down(hidden)


class Decoder(Module):
    def __init__(
        self,
        width: int,
        heads: int,
        blocks: int,
        vocabulary: int,
        positions: int,
        dtype: DType,
        device: DeviceRef,
    ) -> None:
        super().__init__()
        self.tokens = Embedding(vocabulary, width, dtype, device)
        self.positions = Embedding(positions, width, dtype, device)
        self.blocks = LayerList([Block(width, heads, dtype, device) for _ in range(blocks)])
        self.norm = LayerNorm(width, [device], dtype, eps=1e-5)

    def input_types(self) -> list[TensorType]:
        return [TensorType(DType.int64, ["batch", "length"], DeviceRef.CPU())]

    def __call__(self, ids: TensorValue) -> TensorValue:
        length = int(ids.shape[1])
        x: Any = self.tokens(ids) + self.positions.weight[:length]
        for block in self.blocks:
            x = block(x)
        return self.norm(x)
