"""A port of two layers to `max.experimental.nn`, beside its PyTorch twin."""

import torch
from max.experimental import functional as F
from max.experimental.nn import Linear, Module
from max.experimental.tensor import Tensor

from maxwhisper import Port


class Block(Module[[Tensor], Tensor]):
    def __init__(self, dim: int, hidden: int) -> None:
        self.grow = Linear(dim, hidden)
        self.shrink = Linear(hidden, dim)

    def forward(self, x: Tensor) -> Tensor:
        x = F.reshape(self.grow(x), ("batch", "length", 12))
        x = F.gelu(x)
        return self.shrink(x)


class Network(Module[[Tensor], Tensor]):
    def __init__(self) -> None:
        self.blocks = [Block(8, 12), Block(8, 12)]

    def forward(self, x: Tensor) -> Tensor:
        for block in self.blocks:
            x = x + block(x)
        return x


class TorchBlock(torch.nn.Module):
    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.grow = torch.nn.Linear(dim, hidden)
        self.shrink = torch.nn.Linear(hidden, dim)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        active = torch.nn.functional.gelu(self.grow(x))
        return self.shrink(active)


class TorchNetwork(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.blocks = torch.nn.ModuleList([TorchBlock(8, 12), TorchBlock(8, 12)])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for block in self.blocks:
            x = x + block(x)
        return x


def port() -> Port:
    torch.manual_seed(0)
    return Port(
        reference=TorchNetwork(),
        candidate=lambda device, dtype: Network(),
        inputs={"x": torch.randn(2, 5, 8)},
        sizes={"batch": 2, "length": 5},
    )
