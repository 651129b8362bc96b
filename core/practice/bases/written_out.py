"""Whisper's encoder as a MAX graph in which every formula is written out.

Norm, GELU and softmax are made of sums, roots and exponentials, each head is a slice of
the channels, and the modules are those of openai's ``whisper/model.py``.
"""

from functools import reduce

from max import nn
from max.dtype import DType
from max.graph import DeviceRef, TensorValue, Weight, ops

SPAN = 300
"""Positions that are summed in one chain: MAX rounds too much over all 1500."""


class Linear(nn.Module):
    def __init__(
        self, n_in: int, n_out: int, dtype: DType, device: DeviceRef, bias: bool = True
    ) -> None:
        super().__init__()
        self.weight = Weight("weight", dtype, (n_out, n_in), device)
        self.bias = Weight("bias", dtype, (n_out,), device) if bias else None

    def __call__(self, x: TensorValue) -> TensorValue:
        product = x @ ops.permute(self.weight, [1, 0])
        return product if self.bias is None else product + self.bias


class LayerNorm(nn.Module):
    def __init__(self, n_state: int, dtype: DType, device: DeviceRef) -> None:
        super().__init__()
        self.weight = Weight("weight", dtype, (n_state,), device)
        self.bias = Weight("bias", dtype, (n_state,), device)

    def __call__(self, x: TensorValue) -> TensorValue:
        n_state = int(x.shape[-1])
        mean = ops.sum(x, axis=-1) / n_state
        deviation = x - mean
        variance = ops.sum(deviation**2, axis=-1) / n_state
        return deviation / ops.sqrt(variance + 1e-5) * self.weight + self.bias


def gelu(x: TensorValue) -> TensorValue:
    return 0.5 * x * (1.0 + ops.erf(x * 0.5**0.5))


def softmax(x: TensorValue) -> TensorValue:
    powers = ops.exp(x - ops.max(x, axis=-1))
    return powers / ops.sum(powers, axis=-1)


def attend(q: TensorValue, k: TensorValue, v: TensorValue) -> TensorValue:
    """One head's attention; all are (batch, ctx, d_head)."""
    scale = int(q.shape[-1]) ** -0.5
    weights = softmax(q @ ops.permute(k, [0, 2, 1]) * scale)  # (batch, ctx, ctx)
    last = int(k.shape[1])
    spans = [slice(n, min(n + SPAN, last)) for n in range(0, last, SPAN)]
    return reduce(ops.add, [weights[:, :, span] @ v[:, span] for span in spans])


class Conv(nn.Module):
    """Over time, with a kernel of 3 and a frame of padding on either side."""

    def __init__(
        self, n_in: int, n_out: int, stride: int, dtype: DType, device: DeviceRef
    ) -> None:
        super().__init__()
        self.stride = stride
        self.weight = Weight("weight", dtype, (3, n_in, n_out), device)
        self.bias = Weight("bias", dtype, (n_out,), device)

    def __call__(self, x: TensorValue) -> TensorValue:
        frames = int(x.shape[1])
        silence = x[:, :1] * 0
        x = ops.concat([silence, x, silence], axis=1)
        y = self.bias
        for tap in range(3):
            y = y + x[:, tap : tap + frames : self.stride] @ self.weight[tap]
        return y  # (batch, frames / stride, n_out)


class Attention(nn.Module):
    def __init__(self, n_state: int, n_head: int, dtype: DType, device: DeviceRef) -> None:
        super().__init__()
        self.n_head = n_head
        self.query = Linear(n_state, n_state, dtype, device)
        self.key = Linear(n_state, n_state, dtype, device, bias=False)
        self.value = Linear(n_state, n_state, dtype, device)
        self.out = Linear(n_state, n_state, dtype, device)

    def __call__(self, x: TensorValue) -> TensorValue:
        d_head = int(x.shape[-1]) // self.n_head
        q, k, v = self.query(x), self.key(x), self.value(x)
        heads = []
        for head in range(self.n_head):
            first, end = head * d_head, (head + 1) * d_head
            one_q, one_k, one_v = q[:, :, first:end], k[:, :, first:end], v[:, :, first:end]
            heads.append(attend(one_q, one_k, one_v))
        return self.out(ops.concat(heads, axis=-1))


class GELU(nn.Module):
    def __call__(self, x: TensorValue) -> TensorValue:
        return gelu(x)


class Block(nn.Module):
    def __init__(self, n_state: int, n_head: int, dtype: DType, device: DeviceRef) -> None:
        super().__init__()
        self.attn = Attention(n_state, n_head, dtype, device)
        self.attn_ln = LayerNorm(n_state, dtype, device)
        up = Linear(n_state, 4 * n_state, dtype, device)
        down = Linear(4 * n_state, n_state, dtype, device)
        self.mlp = nn.Sequential([up, GELU(), down])
        self.mlp_ln = LayerNorm(n_state, dtype, device)

    def __call__(self, x: TensorValue) -> TensorValue:
        normed = self.attn_ln(x)
        x = x + self.attn(normed)
        normed = self.mlp_ln(x)
        return x + self.mlp(normed)


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
        self.conv1 = Conv(n_mels, n_state, 1, dtype, device)
        self.conv2 = Conv(n_state, n_state, 2, dtype, device)
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
        x = gelu(self.conv1(x))
        x = gelu(self.conv2(x))
        x = x + self.positional_embedding
        for block in self.blocks:
            x = block(x)  # pyright: ignore[reportAssignmentType]
        return self.ln_post(x)
