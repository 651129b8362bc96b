"""Whisper's encoder as a MAX graph of plain functions.

Modules only hold weights; functions compute with them. Of the network's layers the two
convolutions, the blocks and their attention are called as modules, the rest is not. Norm,
GELU and softmax are written out, and each head is a slice of the channels.
"""

from functools import reduce

from max import nn
from max.dtype import DType
from max.graph import DeviceRef, TensorValue, Weight, ops

SPAN = 300
"""Positions that are summed in one chain: MAX rounds too much over all 1500."""


class Affine(nn.Module):
    """A weight and a bias, for a function to use."""

    def __init__(
        self, shape: tuple[int, ...], dtype: DType, device: DeviceRef, bias: bool = True
    ) -> None:
        super().__init__()
        self.weight = Weight("weight", dtype, shape, device)
        self.bias = Weight("bias", dtype, shape[:1], device) if bias else None

    def __call__(self, x: TensorValue) -> TensorValue:
        raise TypeError("this only holds weights: call a function with it")


def linear(x: TensorValue, layer: Affine) -> TensorValue:
    y = x @ layer.weight.T
    return y if layer.bias is None else y + layer.bias


def layer_norm(x: TensorValue, layer: Affine) -> TensorValue:
    assert layer.bias is not None
    mean = ops.mean(x, axis=-1)
    deviation = x - mean
    variance = ops.mean(deviation * deviation, axis=-1)
    normed = deviation / ops.sqrt(variance + 1e-5)
    return normed * layer.weight + layer.bias


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
        square = (n_state, n_state)
        self.query = Affine(square, dtype, device)
        self.key = Affine(square, dtype, device, bias=False)
        self.value = Affine(square, dtype, device)
        self.out = Affine(square, dtype, device)

    def __call__(self, x: TensorValue) -> TensorValue:
        d_head = int(x.shape[-1]) // self.n_head
        q, k, v = (linear(x, each) for each in (self.query, self.key, self.value))
        heads = []
        for head in range(self.n_head):
            channels = slice(head * d_head, (head + 1) * d_head)
            heads.append(attend(q[:, :, channels], k[:, :, channels], v[:, :, channels]))
        return linear(ops.concat(heads, axis=-1), self.out)


class Block(nn.Module):
    def __init__(self, n_state: int, n_head: int, dtype: DType, device: DeviceRef) -> None:
        super().__init__()
        self.attn = Attention(n_state, n_head, dtype, device)
        self.attn_ln = Affine((n_state,), dtype, device)
        up = Affine((4 * n_state, n_state), dtype, device)
        down = Affine((n_state, 4 * n_state), dtype, device)
        self.mlp = nn.LayerList([up, nn.Identity(), down])
        self.mlp_ln = Affine((n_state,), dtype, device)

    def __call__(self, x: TensorValue) -> TensorValue:
        x = x + self.attn(layer_norm(x, self.attn_ln))
        return x + self.feed_forward(layer_norm(x, self.mlp_ln))

    def feed_forward(self, x: TensorValue) -> TensorValue:
        up, down = (layer for layer in self.mlp if isinstance(layer, Affine))
        hidden = gelu(linear(x, up))
        return linear(hidden, down)


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
        self.ln_post = Affine((n_state,), dtype, device)

    def __call__(self, x: TensorValue) -> TensorValue:
        """Encodes a log-mel spectrogram, (batch, n_mels, 2 * n_ctx)."""
        x = ops.permute(x, [0, 2, 1])  # channels last
        x = gelu(self.conv1(x))
        x = gelu(self.conv2(x))
        x = x + self.positional_embedding
        for block in self.blocks:
            x = block(x)  # pyright: ignore[reportAssignmentType]
        return layer_norm(x, self.ln_post)
