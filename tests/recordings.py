"""Recordings of a few lines of PyTorch, with numbers that depend on nothing else."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from debug.reference.recorder import recorded
from debug.reference.recording import Recording

Code = Callable[[Any, Tensor], Tensor]
"""The layer's own code; it gets the layer, which has its weights, and the argument."""


def numbers(*shape: int, seed: int = 0) -> Tensor:
    """Seeded numbers in float64."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


class Layer(nn.Module):
    def __init__(self, code: Code, weights: dict[str, Tensor]) -> None:
        super().__init__()
        self.code = code
        for name, weight in weights.items():
            self.register_parameter(name, nn.Parameter(weight))

    def forward(self, x: Tensor) -> Tensor:
        return self.code(self, x)


def recording_of(code: Code, x: Tensor, **weights: Tensor) -> Recording:
    """What a layer of this code and these weights does of ``x``."""
    layer = Layer(code, weights)
    with torch.inference_mode(), recorded(layer, layer, {}) as made:
        layer(x)
    return made
