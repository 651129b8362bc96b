"""Whisper's audio encoder as a MAX graph: the port that the debugger steps through.

It reads beside openai's ``whisper/model.py``, with its names. The file is reloaded
whenever it is saved, so break a line and look at the dashboard.
"""

from functools import reduce

from max import nn
from max.dtype import DType
from max.graph import DeviceRef, TensorValue, Weight, ops


def at_least_float32(dtype: DType) -> DType:
    """Where openai widens half precision, because sums of it overflow or lose too much."""
    return dtype if dtype == DType.float64 else DType.float32


class LayerNorm(nn.Module):
    def __init__(self, n_state: int, dtype: DType, device: DeviceRef) -> None:
        super().__init__()
        self.dtype = at_least_float32(dtype)
        self.weight = Weight("weight", self.dtype, (n_state,), device)
        self.bias = Weight("bias", self.dtype, (n_state,), device)

    def __call__(self, x: TensorValue) -> TensorValue:
        wide = x.cast(self.dtype)
        y = ops.layer_norm(wide, self.weight, self.bias, epsilon=1e-5)
        return y.cast(x.dtype)


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


class Conv1d(nn.Module):
    """A convolution over time with a kernel of 3 and a frame of padding on either side."""

    def __init__(
        self, n_in: int, n_out: int, dtype: DType, device: DeviceRef, stride: int = 1
    ) -> None:
        super().__init__()
        self.stride = stride
        # openai's (n_out, n_in, 3) is transposed at load.
        self.weight = Weight("weight", dtype, (3, n_in, n_out), device)
        self.bias = Weight("bias", dtype, (n_out,), device)

    def __call__(self, x: TensorValue) -> TensorValue:
        n_frames = int(x.shape[1])
        x = ops.pad(x, [0, 0, 1, 1, 0, 0])  # (batch, 1 + n_frames + 1, n_in)
        # A product a tap: ops.conv2d sums all three in one chain, and rounds twice as much.
        left, middle, right = (
            x[:, tap : tap + n_frames : self.stride] @ self.weight[tap] for tap in range(3)
        )
        return left + middle + right + self.bias  # (batch, n_frames / stride, n_out)


class MultiHeadAttention(nn.Module):
    def __init__(self, n_state: int, n_head: int, dtype: DType, device: DeviceRef) -> None:
        super().__init__()
        self.n_head = n_head
        self.query = Linear(n_state, n_state, dtype, device)
        self.key = Linear(n_state, n_state, dtype, device, bias=False)
        self.value = Linear(n_state, n_state, dtype, device)
        self.out = Linear(n_state, n_state, dtype, device)

    def __call__(self, x: TensorValue) -> TensorValue:
        q = self.query(x)
        k = self.key(x)
        v = self.value(x)
        return self.out(self.qkv_attention(q, k, v))

    def qkv_attention(self, q: TensorValue, k: TensorValue, v: TensorValue) -> TensorValue:
        n_batch, n_ctx, n_state = q.shape
        d_head = int(n_state) // self.n_head
        scale = d_head**-0.25
        heads = (n_batch, n_ctx, self.n_head, d_head)
        q = ops.permute(q.reshape(heads), [0, 2, 1, 3])  # (batch, head, ctx, d_head)
        k = ops.permute(k.reshape(heads), [0, 2, 3, 1])  # (batch, head, d_head, ctx)
        v = ops.permute(v.reshape(heads), [0, 2, 1, 3])  # (batch, head, ctx, d_head)

        qk = (q * scale) @ (k * scale)  # (batch, head, ctx, ctx)
        wide = at_least_float32(q.dtype)
        w = ops.softmax(qk.cast(wide), axis=-1).cast(q.dtype)
        # 500 positions at a time: MAX sums a product in one chain, and over all 1500 it
        # rounds seven times as much as PyTorch.
        last = int(n_ctx)
        spans = [slice(n, min(n + 500, last)) for n in range(0, last, 500)]
        parts = [w[:, :, :, span] @ v[:, :, span] for span in spans]
        wv = reduce(ops.add, [part.cast(wide) for part in parts]).cast(q.dtype)
        wv = ops.permute(wv, [0, 2, 1, 3])  # (batch, ctx, head, d_head)
        return wv.reshape((n_batch, n_ctx, n_state))


class GELU(nn.Module):
    def __call__(self, x: TensorValue) -> TensorValue:
        return ops.gelu(x)


class ResidualAttentionBlock(nn.Module):
    def __init__(self, n_state: int, n_head: int, dtype: DType, device: DeviceRef) -> None:
        super().__init__()
        self.attn = MultiHeadAttention(n_state, n_head, dtype, device)
        self.attn_ln = LayerNorm(n_state, dtype, device)

        n_mlp = n_state * 4
        self.mlp = nn.Sequential(
            [
                Linear(n_state, n_mlp, dtype, device),
                GELU(),
                Linear(n_mlp, n_state, dtype, device),
            ]
        )
        self.mlp_ln = LayerNorm(n_state, dtype, device)

    def __call__(self, x: TensorValue) -> TensorValue:
        x = x + self.attn(self.attn_ln(x))
        x = x + self.mlp(self.mlp_ln(x))
        return x


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
            "positional_embedding", at_least_float32(dtype), (n_ctx, n_state), device
        )
        self.blocks = nn.LayerList(
            [ResidualAttentionBlock(n_state, n_head, dtype, device) for _ in range(n_layer)]
        )
        self.ln_post = LayerNorm(n_state, dtype, device)

    def __call__(self, x: TensorValue) -> TensorValue:
        """Encodes a log-mel spectrogram, (batch, n_mels, 2 * n_ctx)."""
        x = ops.permute(x, [0, 2, 1])  # (batch, n_frames, n_mels): channels last
        x = ops.gelu(self.conv1(x))  # (batch, n_frames, n_state)
        x = ops.gelu(self.conv2(x))  # (batch, n_ctx, n_state)
        wide = x.cast(self.positional_embedding.dtype)
        x = (wide + self.positional_embedding).cast(x.dtype)

        for block in self.blocks:
            x = block(x)  # pyright: ignore[reportAssignmentType]

        x = self.ln_post(x)
        return x
