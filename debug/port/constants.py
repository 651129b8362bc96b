"""Weights of the reference that hide mistakes, for all of their numbers are one.

A new norm's weights are ones and a new bias is zeros. A port that forgets the bias, or
takes another norm's weights, gives the same numbers then, and every layer is right. A
trained model has no such weights; a model of random ones has many.
"""

from torch import nn

from debug.port.fingerprints import is_constant

MANY = 0.2
"""The share of a reference's weights from which a person should know it."""
RANDOMIZED = (
    "for weight in reference.parameters():",
    "weight.data += 0.1 * torch.randn_like(weight)",
)
"""What makes them say something, in a port's file."""


def constants(reference: nn.Module) -> list[str]:
    """The trained weights that are one number throughout, by name."""
    named = reference.named_parameters()
    return [name for name, weight in named if weight.numel() > 1 and is_constant(weight)]


def warning(reference: nn.Module) -> str | None:
    """What mistakes can't be seen because of them, in one line; None where few are so."""
    found, count = constants(reference), sum(1 for _ in reference.parameters())
    if not found or len(found) < MANY * count:
        return None
    loop = " ".join(RANDOMIZED)
    return (
        f"{len(found)} of the reference's {count} weights are one number throughout, such "
        f"as {found[0]}: a bias that is left out, or another norm's weights, can't be "
        f"seen; in port(): {loop}"
    )
