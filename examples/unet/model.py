"""The U-Net as MAX graphs, with channels last: the port."""

import math

import numpy as np
from max.dtype import DType
from max.graph import DeviceRef, TensorValue, Weight, ops
from max.nn import Linear, Module
from max.nn.conv import Conv2d

GROUPS = 4


def timestep_embedding(t: TensorValue, width: int) -> TensorValue:
    half = width // 2
    freqs = np.exp(-math.log(10000) * np.arange(half) / half).astype(np.float32)
    args = ops.unsqueeze(t, 1) * ops.constant(freqs, DType.float32, t.device).cast(t.dtype)
    return ops.concat([ops.cos(args), ops.sin(args)], axis=-1)


def convolution(
    size: int, n_in: int, n_out: int, dtype: DType, device: DeviceRef, stride: int = 1
) -> Conv2d:
    options = {"stride": stride, "padding": size // 2, "has_bias": True}
    return Conv2d(size, n_in, n_out, dtype, device=device, **options)


class GroupNorm(Module):
    def __init__(self, channels: int, dtype: DType, device: DeviceRef) -> None:
        super().__init__()
        self.weight = Weight("weight", dtype, (channels,), device)
        self.bias = Weight("bias", dtype, (channels,), device)
        self.epsilon = 1e-5

    def __call__(self, x: TensorValue) -> TensorValue:
        batch, height, width, channels = (int(size) for size in x.shape)
        pixels, per_group = height * width, channels // GROUPS
        y = ops.permute(x.reshape((batch, pixels, GROUPS, per_group)), [0, 2, 1, 3])
        y = y.reshape((batch, GROUPS, pixels * per_group))
        centered = y - ops.mean(y, axis=-1)
        variance = ops.mean(centered * centered, axis=-1)
        y = centered * ops.rsqrt(variance + self.epsilon)
        y = ops.permute(y.reshape((batch, GROUPS, pixels, per_group)), [0, 2, 1, 3])
        return y.reshape(x.shape) * self.weight + self.bias


class ResBlock(Module):
    def __init__(
        self, n_in: int, n_out: int, width: int, dtype: DType, device: DeviceRef
    ) -> None:
        super().__init__()
        self.norm1 = GroupNorm(n_in, dtype, device)
        self.conv1 = convolution(3, n_in, n_out, dtype, device)
        self.time = Linear(width, n_out, dtype, device, has_bias=True)
        self.norm2 = GroupNorm(n_out, dtype, device)
        self.conv2 = convolution(3, n_out, n_out, dtype, device)
        self.has_skip = n_in != n_out
        if self.has_skip:
            self.skip = convolution(1, n_in, n_out, dtype, device)

    def __call__(self, x: TensorValue, step: TensorValue) -> TensorValue:
        h = self.conv1(ops.silu(self.norm1(x)))
        shift = self.time(ops.silu(step))
        h = h + ops.unsqueeze(ops.unsqueeze(shift, 1), 1)
        h = self.conv2(ops.silu(self.norm2(h)))
        return (self.skip(x) if self.has_skip else x) + h


class Attention(Module):
    def __init__(self, channels: int, heads: int, dtype: DType, device: DeviceRef) -> None:
        super().__init__()
        self.heads = heads
        self.norm = GroupNorm(channels, dtype, device)
        self.qkv = convolution(1, channels, 3 * channels, dtype, device)
        self.out = convolution(1, channels, channels, dtype, device)

    def __call__(self, x: TensorValue) -> TensorValue:
        batch, height, width, channels = (int(size) for size in x.shape)
        per_head = channels // self.heads
        qkv = self.qkv(self.norm(x))
        qkv = qkv.reshape((batch, height * width, 3, self.heads, per_head))
        q, k, v = (ops.permute(qkv[:, :, part], [0, 2, 1, 3]) for part in range(3))
        scores = (q * per_head**-0.5) @ ops.permute(k, [0, 1, 3, 2])
        mixed = ops.permute(ops.softmax(scores) @ v, [0, 2, 1, 3])
        return x + self.out(mixed.reshape(x.shape))


def doubled(x: TensorValue) -> TensorValue:
    """Twice as large, each pixel four times."""
    batch, height, width, channels = (int(size) for size in x.shape)
    x = x.reshape((batch, height, 1, width, 1, channels))
    x = ops.broadcast_to(x, (batch, height, 2, width, 2, channels))
    return x.reshape((batch, 2 * height, 2 * width, channels))


class UNet(Module):
    def __init__(self, channels: int, heads: int, dtype: DType, device: DeviceRef) -> None:
        super().__init__()
        n, width = channels, 4 * channels
        self.channels = channels
        self.time1 = Linear(n, width, dtype, device, has_bias=True)
        self.time2 = Linear(width, width, dtype, device, has_bias=True)
        self.stem = convolution(3, 3, n, dtype, device)
        self.down1 = ResBlock(n, n, width, dtype, device)
        self.downsample = convolution(3, n, n, dtype, device, stride=2)
        self.down2 = ResBlock(n, 2 * n, width, dtype, device)
        self.attention = Attention(2 * n, heads, dtype, device)
        self.middle = ResBlock(2 * n, 2 * n, width, dtype, device)
        self.up2 = ResBlock(4 * n, n, width, dtype, device)
        self.upsample = convolution(3, n, n, dtype, device)
        self.up1 = ResBlock(2 * n, n, width, dtype, device)
        self.norm = GroupNorm(n, dtype, device)
        self.out = convolution(3, n, 3, dtype, device)

    def __call__(self, x: TensorValue, t: TensorValue) -> TensorValue:
        step = self.time1(timestep_embedding(t, self.channels))
        step = self.time2(ops.silu(step))
        large = self.down1(self.stem(x), step)
        small = self.down2(self.downsample(large), step)
        h = self.middle(self.attention(small), step)
        h = self.up2(ops.concat([h, small], axis=3), step)
        h = self.upsample(doubled(h))
        h = self.up1(ops.concat([h, large], axis=3), step)
        return self.out(ops.silu(self.norm(h)))
