"""The network in PyTorch: what the port is measured against."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WIDTH, HIDDEN = 8, 16


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.grow = nn.Linear(WIDTH, HIDDEN)
        self.shrink = nn.Linear(HIDDEN, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        hidden = self.grow(x)  # (batch, frames, HIDDEN)
        active = F.gelu(hidden)
        return self.shrink(active)  # (batch, frames, WIDTH)


def seeded_network() -> Network:
    """The network in evaluation mode; the same weights every time."""
    torch.manual_seed(0)
    return Network().eval()
