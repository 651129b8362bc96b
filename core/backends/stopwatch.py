"""How long a module's calls take, without a change to whoever calls it."""

import time
from typing import Any

import torch


class Stopwatch:
    """Sums the seconds inside a module, through PyTorch's hooks."""

    def __init__(self, module: torch.nn.Module) -> None:
        self.seconds = 0.0
        self._entered = 0.0
        module.register_forward_pre_hook(self._enter)
        module.register_forward_hook(self._leave)

    def reset(self) -> None:
        self.seconds = 0.0

    def _enter(self, *_: Any) -> None:
        self._entered = now()

    def _leave(self, *_: Any) -> None:
        self.seconds += now() - self._entered


def now() -> float:
    """The time once the GPU has done what it was given: it works behind PyTorch's back."""
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        torch.cuda.synchronize()
    return time.perf_counter()
