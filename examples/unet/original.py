"""A small U-Net in PyTorch, as diffusion models have it: the reference."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

GROUPS = 4


def timestep_embedding(t: Tensor, width: int) -> Tensor:
    """Cosines and sines of a step at frequencies from 1 to 1 / 10,000."""
    half = width // 2
    freqs = torch.exp(-math.log(10000) * torch.arange(half) / half)
    args = t[:, None] * freqs[None]
    return torch.cat([torch.cos(args), torch.sin(args)], dim=-1)


class ResBlock(nn.Module):
    """Two convolutions with a shift by the step between them, and a shortcut."""

    def __init__(self, n_in: int, n_out: int, width: int) -> None:
        super().__init__()
        self.norm1 = nn.GroupNorm(GROUPS, n_in)
        self.conv1 = nn.Conv2d(n_in, n_out, 3, padding=1)
        self.time = nn.Linear(width, n_out)
        self.norm2 = nn.GroupNorm(GROUPS, n_out)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, padding=1)
        self.skip = nn.Conv2d(n_in, n_out, 1) if n_in != n_out else nn.Identity()

    def forward(self, x: Tensor, step: Tensor) -> Tensor:
        h = self.conv1(F.silu(self.norm1(x)))
        h = h + self.time(F.silu(step))[:, :, None, None]
        h = self.conv2(F.silu(self.norm2(h)))
        return self.skip(x) + h


class Attention(nn.Module):
    """Of every pixel to every other."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.GroupNorm(GROUPS, channels)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.out = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        batch, channels = x.shape[:2]
        per_head = channels // self.heads
        qkv = self.qkv(self.norm(x)).reshape(batch, 3, self.heads, per_head, -1)
        q, k, v = qkv.unbind(1)
        scores = torch.einsum("bhct,bhcs->bhts", q * per_head**-0.5, k)
        mixed = torch.einsum("bhts,bhcs->bhct", scores.softmax(-1), v)
        return x + self.out(mixed.reshape(x.shape))


class UNet(nn.Module):
    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        n, width = channels, 4 * channels
        self.time_embed = nn.Sequential(
            nn.Linear(n, width), nn.SiLU(), nn.Linear(width, width)
        )
        self.stem = nn.Conv2d(3, n, 3, padding=1)
        self.down1 = ResBlock(n, n, width)
        self.downsample = nn.Conv2d(n, n, 3, stride=2, padding=1)
        self.down2 = ResBlock(n, 2 * n, width)
        self.attention = Attention(2 * n, heads)
        self.middle = ResBlock(2 * n, 2 * n, width)
        self.up2 = ResBlock(4 * n, n, width)
        self.upsample = nn.Conv2d(n, n, 3, padding=1)
        self.up1 = ResBlock(2 * n, n, width)
        self.norm = nn.GroupNorm(GROUPS, n)
        self.out = nn.Conv2d(n, 3, 3, padding=1)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        step = self.time_embed(timestep_embedding(t, self.stem.out_channels))
        large = self.down1(self.stem(x), step)
        small = self.down2(self.downsample(large), step)
        h = self.middle(self.attention(small), step)
        h = self.up2(torch.cat([h, small], dim=1), step)
        h = self.upsample(F.interpolate(h, scale_factor=2, mode="nearest"))
        h = self.up1(torch.cat([h, large], dim=1), step)
        return self.out(F.silu(self.norm(h)))
