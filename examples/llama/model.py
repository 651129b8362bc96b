"""A small decoder in the manner of Llama: rotary positions, keys and values that several
query heads share, RMS norms and a gated MLP. Its names are its own, not Hugging Face's."""

import math
from typing import Any

import numpy as np
from max.dtype import DType
from max.graph import DeviceRef, TensorType, TensorValue, ops
from max.nn import Embedding, Linear, Module, RMSNorm
from max.nn.layer import LayerList


class Attention(Module):
    def __init__(
        self, width: int, heads: int, shared: int, dtype: DType, device: DeviceRef
    ) -> None:
        super().__init__()
        self.heads, self.shared, self.size = heads, shared, width // heads
        self.query = Linear(width, heads * self.size, dtype, device)
        self.key = Linear(width, shared * self.size, dtype, device)
        self.value = Linear(width, shared * self.size, dtype, device)
        self.out = Linear(heads * self.size, width, dtype, device)

    def __call__(
        self, x: TensorValue, cos: TensorValue, sin: TensorValue, mask: TensorValue
    ) -> TensorValue:
        q = self.by_head(self.query(x), self.heads)
        k = self.by_head(self.key(x), self.shared)
        v = self.repeated(self.by_head(self.value(x), self.shared))
        q = rotated(q, cos, sin)
        k = self.repeated(rotated(k, cos, sin))
        scores = q @ k.transpose(2, 3) / math.sqrt(self.size) + mask
        mixed = ops.softmax(scores) @ v
        return self.out(mixed.transpose(1, 2).reshape(x.shape))

    def by_head(self, x: TensorValue, heads: int) -> TensorValue:
        """(batch, tokens, width) as (batch, heads, tokens, width of a head)."""
        batch, tokens, _ = x.shape
        return x.reshape((batch, tokens, heads, -1)).transpose(1, 2)

    def repeated(self, x: TensorValue) -> TensorValue:
        """Each head as many times in a row as there are queries for it."""
        batch, heads, tokens, size = x.shape
        times = self.heads // self.shared
        x = ops.broadcast_to(
            x.reshape((batch, heads, 1, tokens, size)), (batch, heads, times, tokens, size)
        )
        return x.reshape((batch, self.heads, tokens, size))


def rotated(x: TensorValue, cos: TensorValue, sin: TensorValue) -> TensorValue:
    """Channel i and channel i + d/2 as a point that is turned."""
    half = int(x.shape[-1]) // 2
    other = ops.concat([-x[..., half:], x[..., :half]], axis=-1)
    return x * cos + other * sin


class MLP(Module):
    def __init__(self, width: int, hidden: int, dtype: DType, device: DeviceRef) -> None:
        super().__init__()
        self.gate = Linear(width, hidden, dtype, device)
        self.up = Linear(width, hidden, dtype, device)
        self.down = Linear(hidden, width, dtype, device)

    def __call__(self, x: TensorValue) -> TensorValue:
        return self.down(ops.silu(self.gate(x)) * self.up(x))


class Block(Module):
    def __init__(
        self, width: int, heads: int, shared: int, dtype: DType, device: DeviceRef
    ) -> None:
        super().__init__()
        self.attention_norm = RMSNorm(width, dtype, 1e-6, multiply_before_cast=False)
        self.attention = Attention(width, heads, shared, dtype, device)
        self.mlp_norm = RMSNorm(width, dtype, 1e-6, multiply_before_cast=False)
        self.mlp = MLP(width, 2 * width, dtype, device)

    def __call__(self, x: TensorValue, *positions_and_mask: TensorValue) -> TensorValue:
        x = x + self.attention(self.attention_norm(x), *positions_and_mask)
        return x + self.mlp(self.mlp_norm(x))


class Decoder(Module):
    def __init__(
        self,
        width: int,
        heads: int,
        shared: int,
        blocks: int,
        vocabulary: int,
        dtype: DType,
        device: DeviceRef,
    ) -> None:
        super().__init__()
        self.size, self.dtype, self.device = width // heads, dtype, device
        self.tokens = Embedding(vocabulary, width, dtype, device)
        layers = [Block(width, heads, shared, dtype, device) for _ in range(blocks)]
        self.blocks = LayerList(layers)
        self.norm = RMSNorm(width, dtype, 1e-6, multiply_before_cast=False)

    def input_types(self) -> list[TensorType]:
        return [TensorType(DType.int64, ["batch", "length"], DeviceRef.CPU())]

    def __call__(self, ids: TensorValue) -> TensorValue:
        length = int(ids.shape[1])
        x: Any = self.tokens(ids)
        cos, sin = self.angles(length)
        mask = self.causal_mask(length)
        for block in self.blocks:
            x = block(x, cos, sin, mask)
        return self.norm(x)

    def angles(
        self, length: int, base: float = 10_000.0
    ) -> tuple[TensorValue, TensorValue]:
        """Cosines and sines, each (tokens, width of a head)."""
        even = ops.range(0, self.size, 2, dtype=DType.float32, device=self.device)
        per_position = ops.exp(even * (-math.log(base) / self.size))
        positions = ops.range(0, length, 1, dtype=DType.float32, device=self.device)
        angles = positions.reshape((length, 1)) * per_position.reshape((1, -1))
        angles = ops.concat([angles, angles], axis=-1)
        return ops.cos(angles).cast(self.dtype), ops.sin(angles).cast(self.dtype)

    def causal_mask(self, length: int) -> TensorValue:
        """Minus infinity where a token would see a later one."""
        later = np.triu(np.full((length, length), -np.inf, np.float32), k=1)
        return ops.constant(later, DType.float32, self.device).cast(self.dtype)
