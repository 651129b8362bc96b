"""A small encoder and decoder in the manner of T5: positions as biases of the attention's
scores, cross attention, RMS norms. Its names are its own, not Hugging Face's."""

import math
from typing import Any

import numpy as np
from max.dtype import DType
from max.graph import DeviceRef, TensorType, TensorValue, ops
from max.nn import Embedding, Linear, Module, RMSNorm
from max.nn.layer import LayerList


class Attention(Module):
    def __init__(self, width: int, heads: int, dtype: DType, device: DeviceRef) -> None:
        super().__init__()
        self.heads = heads
        self.q = Linear(width, width, dtype, device)
        self.k = Linear(width, width, dtype, device)
        self.v = Linear(width, width, dtype, device)
        self.o = Linear(width, width, dtype, device)

    def __call__(
        self, x: TensorValue, memory: TensorValue, bias: TensorValue | None = None
    ) -> TensorValue:
        q = self.by_head(self.q(x))
        k = self.by_head(self.k(memory))
        v = self.by_head(self.v(memory))
        scores = q @ k.transpose(2, 3)
        if bias is not None:
            scores = scores + bias
        mixed = ops.softmax(scores) @ v
        return self.o(mixed.transpose(1, 2).reshape(x.shape))

    def by_head(self, x: TensorValue) -> TensorValue:
        """(batch, tokens, width) as (batch, heads, tokens, width of a head)."""
        batch, tokens, _ = x.shape
        return x.reshape((batch, tokens, self.heads, -1)).transpose(1, 2)


class FeedForward(Module):
    def __init__(self, width: int, dtype: DType, device: DeviceRef) -> None:
        super().__init__()
        self.wi_0 = Linear(width, 2 * width, dtype, device)
        self.wi_1 = Linear(width, 2 * width, dtype, device)
        self.wo = Linear(2 * width, width, dtype, device)

    def __call__(self, x: TensorValue) -> TensorValue:
        return self.wo(ops.gelu(self.wi_0(x), "tanh") * self.wi_1(x))


def norm(width: int, dtype: DType, device: DeviceRef) -> RMSNorm:
    return RMSNorm(width, dtype, 1e-6, multiply_before_cast=False)


class EncoderBlock(Module):
    def __init__(self, width: int, heads: int, dtype: DType, device: DeviceRef) -> None:
        super().__init__()
        self.norm_0 = norm(width, dtype, device)
        self.attention = Attention(width, heads, dtype, device)
        self.norm_1 = norm(width, dtype, device)
        self.mlp = FeedForward(width, dtype, device)

    def __call__(self, x: TensorValue, bias: TensorValue) -> TensorValue:
        normed = self.norm_0(x)
        x = x + self.attention(normed, normed, bias)
        return x + self.mlp(self.norm_1(x))


class DecoderBlock(Module):
    def __init__(self, width: int, heads: int, dtype: DType, device: DeviceRef) -> None:
        super().__init__()
        self.norm_0 = norm(width, dtype, device)
        self.attention = Attention(width, heads, dtype, device)
        self.norm_1 = norm(width, dtype, device)
        self.cross = Attention(width, heads, dtype, device)
        self.norm_2 = norm(width, dtype, device)
        self.mlp = FeedForward(width, dtype, device)

    def __call__(
        self, x: TensorValue, memory: TensorValue, bias: TensorValue
    ) -> TensorValue:
        normed = self.norm_0(x)
        x = x + self.attention(normed, normed, bias)
        x = x + self.cross(self.norm_1(x), memory)
        return x + self.mlp(self.norm_2(x))


class PositionBias(Module):
    """What is added to the scores of each head, by how far a key is from a query."""

    def __init__(self, heads: int, ahead: bool, dtype: DType, device: DeviceRef) -> None:
        super().__init__()
        self.ahead = ahead
        self.table = Embedding(BUCKETS, heads, dtype, device)

    def __call__(self, length: int) -> TensorValue:
        places = np.arange(length)
        distance = places[None, :] - places[:, None]
        indices = ops.constant(bucket(distance, self.ahead), DType.int64, DeviceRef.CPU())
        return ops.unsqueeze(self.table(indices).permute([2, 0, 1]), 0)


BUCKETS, FARTHEST = 32, 128


def bucket(distance: np.ndarray, ahead: bool) -> np.ndarray:
    """Distances share an entry of the table, the more of them the farther they are.

    Args:
        distance: of a key from a query, negative before it.
        ahead: whether keys after the query have entries of their own.
    """
    buckets = BUCKETS // 2 if ahead else BUCKETS
    first = np.where(distance > 0, buckets, 0) if ahead else 0
    distance = np.abs(distance) if ahead else -np.minimum(distance, 0)
    exact = buckets // 2
    scale = (buckets - exact) / math.log(FARTHEST / exact)
    far = exact + (np.log(np.maximum(distance, 1) / exact) * scale).astype(np.int64)
    return first + np.where(distance < exact, distance, np.minimum(far, buckets - 1))


class T5(Module):
    def __init__(
        self,
        width: int,
        heads: int,
        blocks: int,
        vocabulary: int,
        dtype: DType,
        device: DeviceRef,
    ) -> None:
        super().__init__()
        self.device = device
        sizes = width, heads, dtype, device
        self.tokens = Embedding(vocabulary, width, dtype, device)
        self.encoder_bias = PositionBias(heads, True, dtype, device)
        self.encoder = LayerList([EncoderBlock(*sizes) for _ in range(blocks)])
        self.encoder_norm = norm(width, dtype, device)
        self.decoder_bias = PositionBias(heads, False, dtype, device)
        self.decoder = LayerList([DecoderBlock(*sizes) for _ in range(blocks)])
        self.decoder_norm = norm(width, dtype, device)

    def input_types(self) -> list[TensorType]:
        return [
            TensorType(DType.int64, ["batch", "length"], DeviceRef.CPU()),
            TensorType(DType.int64, ["batch", "decoded"], DeviceRef.CPU()),
        ]

    def __call__(self, ids: TensorValue, decoded: TensorValue) -> TensorValue:
        bias = self.encoder_bias(int(ids.shape[1]))
        x: Any = self.tokens(ids)
        for block in self.encoder:
            x = block(x, bias)
        memory = self.encoder_norm(x)
        length = int(decoded.shape[1])
        bias = self.decoder_bias(length) + self.causal_mask(length)
        x = self.tokens(decoded)
        for block in self.decoder:
            x = block(x, memory, bias)
        return self.decoder_norm(x)

    def causal_mask(self, length: int) -> TensorValue:
        """Minus infinity where a token would see a later one."""
        later = np.triu(np.full((length, length), -np.inf, np.float32), k=1)
        return ops.constant(later, DType.float32, self.device)
