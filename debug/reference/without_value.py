"""A reference that makes NaN is none: no number is nearer to NaN than another."""

from debug.measure.truth import Truth
from debug.protocol.diagnostic import Problem


def check_value(name: str, truth: Truth) -> None:
    """
    Args:
        name: of a layer of the reference.
        truth: of it.

    Raises:
        Problem: the layer's value in float64 has NaN. Infinity may be a mask.
    """
    count = int(truth.exact.isnan().sum())
    if count:
        of = f"{count:,} of {truth.shape.numel():,} values"
        message = f"the reference makes NaN on this input: {name} is the first, {of}"
        advice = "nothing can equal it; give another input, or mend what makes it"
        raise Problem("model", f"{message}; {advice}")
