"""Weights that a port computes of the reference's, told by their values.

A port may fold a batch norm into the convolution before it, or the scale of attention's
scores into a projection. Then no weight equals one of the reference, and yet nothing was
forgotten. What is usual is tried: with gamma, beta, mean and variance of the norm,

    weight * gamma / sqrt(variance + epsilon)

is the weight of a convolution that gives what the norm gives, and ``weight * constant``
that of a layer that gives the constant times as much. Values are compared when sorted, so
that layouts don't matter, and nearly, for they were computed in another order.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from debug.port.fingerprints import is_constant
from debug.port.side import Side

EPSILONS = (1e-5, 1e-3, 1e-6, 1e-12)
"""Of norms. Whether a port has the right one, the values show."""
NEAR = 1e-5
"""By how much of the largest value two weights may differ."""
FEWEST = 8
"""Values that a weight must have to tell anything."""


@dataclass(frozen=True)
class Folding:
    """What a module's weights were computed from."""

    layer: str
    """The layer of the reference whose value the module gives."""
    within: str | None = None
    """The layer before it that the module computes, too."""
    scale: float = 1.0
    """How many times the layer's value it gives."""


def foldings(reference: Side, candidate: Side) -> Iterator[tuple[str, Folding]]:
    """The modules whose weights equal none of the reference, with what explains them."""
    theirs = {reference.largest(layer) for layer in reference.leaves}
    ours = {candidate.largest(module) for module in candidate.leaves}
    open_layers = [n for n in reference.leaves if reference.largest(n) not in ours]
    for module in candidate.leaves:
        if candidate.largest(module) in theirs:
            continue
        for layer in open_layers:
            found = _folding(reference, candidate, layer, module)
            if found is not None:
                yield module, found
                open_layers.remove(layer)
                break


def _folding(ref: Side, cand: Side, layer: str, module: str) -> Folding | None:
    """How a module's weights come of a layer's, if they do."""
    weight, made = _largest(ref, layer), _largest(cand, module)
    if weight.numel() != made.numel() or weight.numel() < FEWEST or is_constant(weight):
        return None
    after = _follower(ref, layer)
    if after is not None and _holds(weight, _per_channel(ref, after), made):
        return Folding(after, within=layer)
    scale = float(made.abs().double().sum() / weight.abs().double().sum())
    if not _near(weight * scale, made):
        return None
    if abs(scale - 1) < NEAR:
        return Folding(layer)
    return (
        Folding(layer, scale=scale)
        if _all_scaled(ref, cand, layer, module, scale)
        else None
    )


def _all_scaled(ref: Side, cand: Side, layer: str, module: str, scale: float) -> bool:
    """A weight that is scaled alone, without its bias, is a mistake."""
    theirs = sorted(ref.own(layer).values(), key=Tensor.numel)
    ours = sorted(cand.own(module).values(), key=Tensor.numel)
    return len(theirs) == len(ours) and all(
        a.numel() == b.numel() and _near(a * scale, b)
        for a, b in zip(theirs, ours, strict=True)
    )


def _follower(side: Side, layer: str) -> str | None:
    """The norm with a mean and a variance that is called after a layer."""
    leaves = side.leaves
    place = leaves.index(layer) + 1
    after = leaves[place] if place < len(leaves) else ""
    return after if "running_var" in side.own(after) else None


def _per_channel(side: Side, norm: str) -> Tensor:
    """What a norm multiplies each channel by, a row for each epsilon."""
    own = side.own(norm)
    variance, epsilon = own["running_var"].double(), torch.tensor(EPSILONS).double()
    gamma = own.get("weight", torch.ones_like(own["running_var"])).double()
    return gamma / (variance + epsilon[:, None]).sqrt()


def _holds(weight: Tensor, factors: Tensor, made: Tensor) -> bool:
    """Whether a weight was made of another by one of several rows of factors, one factor
    for each of its outputs. Those are the first axis, or the second where a convolution is
    transposed."""
    axes = [n for n in range(min(2, weight.ndim)) if weight.shape[n] == factors.shape[1]]
    return any(
        _near((weight.double().movedim(axis, -1) * each).movedim(-1, axis), made)
        for axis in axes
        for each in factors
    )


def _near(one: Tensor, other: Tensor) -> bool:
    """Whether two weights have the same values but for rounding, in any layout."""
    a, b = (each.detach().double().flatten() for each in (one, other))
    allowed = NEAR * b.abs().max().clamp_min(1e-30)
    if (a.max() - b.max()).abs() > allowed:
        return False  # almost all weights that have nothing in common end here, unsorted
    return bool((a.sort().values - b.sort().values).abs().max() <= allowed)


def _largest(side: Side, leaf: str) -> Tensor:
    return max(side.own(leaf).values(), key=Tensor.numel)
