"""Whisper's encoder as a MAX graph that computes query, key and value in one product.

The three weights are joined in the graph, as servers of language models join them: one
large product is faster than three small ones. The result is split again.
"""

from functools import reduce

from max import nn
from max.dtype import DType
from max.graph import DeviceRef, TensorValue, Weight, ops


class Linear(nn.Module):
    def __init__(
        self, n_in: int, n_out: int, dtype: DType, device: DeviceRef, bias: bool = True
    ) -> None:
        super().__init__()
        self.weight = Weight("weight", dtype, (n_out, n_in), device)
        self.bias = Weight("bias", dtype, (n_out,), device) if bias else None

    def __call__(self, x: TensorValue) -> TensorValue:
        y = x @ self.weight.T
        return y if self.bias is None else y + self.bias


class LayerNorm(nn.Module):
    def __init__(self, n_state: int, dtype: DType, device: DeviceRef) -> None:
        super().__init__()
        self.weight = Weight("weight", dtype, (n_state,), device)
        self.bias = Weight("bias", dtype, (n_state,), device)

    def __call__(self, x: TensorValue) -> TensorValue:
        centered = x - ops.mean(x, axis=-1)
        variance = ops.mean(centered * centered, axis=-1)
        return centered * ops.rsqrt(variance + 1e-5) * self.weight + self.bias


class Conv1d(nn.Module):
    """Over time, with a kernel of 3 and a frame of padding on either side."""

    def __init__(
        self, n_in: int, n_out: int, dtype: DType, device: DeviceRef, stride: int = 1
    ) -> None:
        super().__init__()
        self.stride = stride
        self.weight = Weight("weight", dtype, (3, n_in, n_out), device)
        self.bias = Weight("bias", dtype, (n_out,), device)

    def __call__(self, x: TensorValue) -> TensorValue:
        end = int(x.shape[1])
        padded = ops.pad(x, [0, 0, 1, 1, 0, 0])
        before = padded[:, 0 : end : self.stride] @ self.weight[0]
        here = padded[:, 1 : end + 1 : self.stride] @ self.weight[1]
        after = padded[:, 2 : end + 2 : self.stride] @ self.weight[2]
        return before + here + after + self.bias


class FusedAttention(nn.Module):
    def __init__(self, n_state: int, n_head: int, dtype: DType, device: DeviceRef) -> None:
        super().__init__()
        self.n_state, self.n_head = n_state, n_head
        self.query = Linear(n_state, n_state, dtype, device)
        self.key = Linear(n_state, n_state, dtype, device, bias=False)
        self.value = Linear(n_state, n_state, dtype, device)
        self.out = Linear(n_state, n_state, dtype, device)

    def __call__(self, x: TensorValue) -> TensorValue:
        n_batch, n_ctx, n_state = x.shape
        d_head = self.n_state // self.n_head

        qkv = x @ self.joined_weight().T + self.joined_bias()  # (batch, ctx, 3 * n_state)
        q, k, v = ops.split(qkv, [self.n_state] * 3, axis=-1)
        q, k, v = (
            ops.permute(each.reshape((n_batch, n_ctx, self.n_head, d_head)), [0, 2, 1, 3])
            for each in (q, k, v)
        )
        qk = q @ ops.permute(k, [0, 1, 3, 2])  # (batch, head, ctx, ctx)
        w = ops.softmax(qk * d_head**-0.5)
        # 300 positions at a time, for MAX sums a product in one chain.
        last = int(n_ctx)
        starts = range(0, last, 300)
        ends = [min(start + 300, last) for start in starts]
        parts = [w[:, :, :, a:b] @ v[:, :, a:b] for a, b in zip(starts, ends, strict=True)]
        joined = ops.permute(reduce(ops.add, parts), [0, 2, 1, 3])
        return self.out(joined.reshape((n_batch, n_ctx, n_state)))

    def joined_weight(self) -> TensorValue:
        """(3 * n_state, n_state)"""
        return ops.concat([self.query.weight, self.key.weight, self.value.weight], axis=0)

    def joined_bias(self) -> TensorValue:
        """(3 * n_state,): the keys have none."""
        assert self.query.bias is not None
        assert self.value.bias is not None
        no_bias = self.query.bias * 0
        return ops.concat([self.query.bias, no_bias, self.value.bias], axis=0)


class GELU(nn.Module):
    def __call__(self, x: TensorValue) -> TensorValue:
        return ops.gelu(x)


class Block(nn.Module):
    def __init__(self, n_state: int, n_head: int, dtype: DType, device: DeviceRef) -> None:
        super().__init__()
        self.attn = FusedAttention(n_state, n_head, dtype, device)
        self.attn_ln = LayerNorm(n_state, dtype, device)
        up = Linear(n_state, 4 * n_state, dtype, device)
        down = Linear(4 * n_state, n_state, dtype, device)
        self.mlp = nn.Sequential([up, GELU(), down])
        self.mlp_ln = LayerNorm(n_state, dtype, device)

    def __call__(self, x: TensorValue) -> TensorValue:
        attended = x + self.attn(self.attn_ln(x))
        return attended + self.mlp(self.mlp_ln(attended))


class AudioEncoder(nn.Module):
    def __init__(
        self,
        n_mels: int,
        n_ctx: int,
        n_state: int,
        n_head: int,
        n_layer: int,
        dtype: DType,
        device: DeviceRef,
    ) -> None:
        super().__init__()
        self.conv1 = Conv1d(n_mels, n_state, dtype, device)
        self.conv2 = Conv1d(n_state, n_state, dtype, device, stride=2)
        self.positional_embedding = Weight(
            "positional_embedding", dtype, (n_ctx, n_state), device
        )
        self.blocks = nn.LayerList(
            [Block(n_state, n_head, dtype, device) for _ in range(n_layer)]
        )
        self.ln_post = LayerNorm(n_state, dtype, device)

    def __call__(self, x: TensorValue) -> TensorValue:
        """Encodes a log-mel spectrogram, (batch, n_mels, 2 * n_ctx)."""
        x = ops.permute(x, [0, 2, 1])  # channels last
        x = ops.gelu(self.conv1(x))
        x = ops.gelu(self.conv2(x))
        x = x + self.positional_embedding
        for block in self.blocks:
            x = block(x)  # pyright: ignore[reportAssignmentType]
        return self.ln_post(x)
