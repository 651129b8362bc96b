"""Which weights of two sides are the same numbers, whatever their names and layouts.

A weight's fingerprint is a hash of its sorted values: the same after transposing,
permuting and reshaping. So ``self_attn.q_proj.weight`` is found in ``attention.wq.weight``
without a map of names. A row's fingerprint finds a weight within a larger one that several
were joined into.
"""

import hashlib

import torch
from torch import Tensor

from debug.port.remembered import Remembered

Fingerprint = tuple[int, str]
"""The number of values, and their hash."""


_known: dict[str, Fingerprint] = {}
"""By a hash of the weight as it is: sorting takes a hundred times as long, and after a save
almost all weights are what they were."""


@Remembered
def fingerprint(weight: Tensor) -> Fingerprint:
    """Equal for the same numbers in any layout, compared in float32."""
    values = weight.detach().float().flatten()
    as_it_is = _hash(values)
    if as_it_is not in _known:
        _known[as_it_is] = values.numel(), _hash(values.sort().values)
    return _known[as_it_is]


@Remembered
def rows(weight: Tensor, axis: int) -> list[str]:
    """A hash of each slice of a matrix along an axis, in the order of its values."""
    slices = weight.detach().float().movedim(axis, 0).contiguous()
    return [_hash(each.flatten()) for each in slices]


def _hash(values: Tensor) -> str:
    plain = (values + 0.0).contiguous()  # -0 and 0 are one number
    return hashlib.blake2b(plain.numpy().data, digest_size=16).hexdigest()


@Remembered
def is_constant(weight: Tensor) -> bool:
    """Whether all values are one, as in new norms and biases: that says nothing."""
    return bool(torch.all(weight == weight.flatten()[0])) if weight.numel() else True
