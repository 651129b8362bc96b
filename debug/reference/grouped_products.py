"""A product for each group of rows, in any precision.

A mixture of experts sorts its tokens by expert and multiplies each group with that expert's
weights, by one function of PyTorch's that has no float64. Here it is taken apart into the
products of the groups, each of which is a step of its own where the code is recorded.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

NAMES = ("grouped_mm", "_grouped_mm")


def is_grouped_product(function: Callable[..., Any]) -> bool:
    return function.__name__ in NAMES


def grouped_product(
    x: Tensor, weights: Tensor, offs: Tensor | None = None, **_: object
) -> Tensor:
    """What ``grouped_mm`` computes.

    Args:
        x: (rows, channels), or (groups, rows, channels).
        weights: (groups, channels, results), or (channels, results).
        offs: where each group ends: among the rows where only ``x`` has no groups, among
            the results where only ``weights`` has none, and among the channels where
            neither has.
    """
    if offs is None:
        return x @ weights
    ends = offs.tolist()
    groups = list(enumerate(pairwise([0, *ends])))
    if x.ndim == weights.ndim == 2:
        return torch.stack([x[:, a:b] @ weights[a:b] for _, (a, b) in groups])
    if weights.ndim == 2:
        return torch.cat([x[n] @ weights[:, a:b] for n, (a, b) in groups], -1)
    products = [x[a:b] @ weights[n] for n, (a, b) in groups if b > a]
    if ends[-1] < len(x):  # rows of no group
        products.append(x.new_zeros(len(x) - ends[-1], weights.shape[-1]))
    return torch.cat(products)
