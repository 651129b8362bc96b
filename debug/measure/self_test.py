"""The debugger tests itself: what it says of no error, and the smallest error it notices.

The reference compared with itself must be off by 0. Then noise of a known size is added,
everywhere, in one frame or in one channel, and the size is halved again and again to find
the smallest that the verdict notices. It says what an ``ok`` is worth in this layer.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from debug.measure.divergence import compare
from debug.measure.truth import Truth
from debug.protocol.values import Sensitivity

STEPS = range(-28, 1)
"""The sizes that are tried, as powers of 2 of what is spoiled."""
SEED = 0


def sensitivity(truth: Truth, dtype: str) -> Sensitivity:
    """Compares the reference with itself, and with seeded errors of known size.

    Args:
        truth: of the layer.
        dtype: what the candidate computes in; a seeded error is rounded to it.
    """
    exact = truth.exact
    itself = compare(exact, truth, "float64")[1].rel_l2
    generator = torch.Generator().manual_seed(SEED)
    noise = torch.randn(exact.shape, generator=generator, dtype=torch.float64)

    def caught(part: Callable[[Tensor], Tensor]) -> float | None:
        return _smallest_caught(truth, dtype, noise, part)

    has_slices = exact.ndim > 1
    return Sensitivity(
        itself=itself,
        whole=caught(lambda x: x),
        frame=caught(lambda x: x[..., x.shape[-2] // 2, :]) if has_slices else None,
        channel=caught(lambda x: x[..., x.shape[-1] // 2]) if has_slices else None,
    )


def _smallest_caught(
    truth: Truth, dtype: str, noise: Tensor, part: Callable[[Tensor], Tensor]
) -> float | None:
    """The relative size of the smallest error in a part that is not ok; None if none is.

    The verdict gets no better as an error grows, so the sizes are halved again and again.
    """
    norms = part(truth.exact).norm() / part(noise).norm().clamp_min(1e-300)
    low, high = 0, len(STEPS)
    while low < high:
        middle = (low + high) // 2
        spoiled = truth.exact.clone()
        part(spoiled).add_(part(noise) * norms * 2.0 ** STEPS[middle])
        rounded = spoiled.to(getattr(torch, dtype))
        if compare(rounded, truth, dtype)[1].verdict.healthy:
            low = middle + 1
        else:
            high = middle
    return 2.0 ** STEPS[low] if low < len(STEPS) else None
