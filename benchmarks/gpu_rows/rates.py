"""What the card can do at best, measured: the floor of every encoder's time."""

import torch

from benchmarks.gpu_rows.found import Found, Say
from benchmarks.gpu_rows.target import measured, torch_clock, torch_side

SIDE = {"cuda": 8192, "cpu": 1024}
"""Rows and columns of the matrices that are multiplied."""
COPIED = {"cuda": 2**30, "cpu": 2**27}
"""Bytes: far more than any cache holds."""


def rates(say: Say, device: str, dtypes: str) -> Found:
    """Products a second by dtype (a multiplication and an addition are two operations),
    and bytes a second of a copy, read and written."""
    side = torch_side(device)
    clock, figures = torch_clock(side), {}
    wait = waiting(side)
    for dtype in dtypes.split():
        n = SIDE[side.type]
        x = torch.randn(n, n, device=side).to(getattr(torch, dtype))
        least = measured(lambda x=x: x @ x, clock, wait, runs=20)["least_ms"]
        figures[f"matmul_{dtype}"] = 2 * n**3 / (least / 1e3)
        say(figures)
    source = torch.zeros(COPIED[side.type], dtype=torch.uint8, device=side)
    target = torch.empty_like(source)
    least = measured(lambda: target.copy_(source), clock, wait, runs=20)["least_ms"]
    figures["copy"] = 2 * source.numel() / (least / 1e3)
    said = [f"{n.replace('_', ' in ')} {v / 1e12:.3g} T/s" for n, v in figures.items()]
    said[-1] = f"copy {figures['copy'] / 1e9:.0f} GB/s"
    return Found(", ".join(said), figures=figures)


def waiting(side: torch.device):
    """Returns once PyTorch has nothing left to do there."""
    return (lambda: torch.cuda.synchronize(side)) if side.type == "cuda" else (lambda: None)
