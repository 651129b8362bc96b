"""A reference that makes NaN is none: no number is nearer to NaN than another."""

from collections.abc import Mapping

from debug.measure.truth import Truth
from debug.protocol.diagnostic import Problem


def check_values(truths: Mapping[str, Truth]) -> None:
    """
    Args:
        truths: of the reference's layers, in the order in which they return.

    Raises:
        Problem: a layer's value in float64 has NaN. Infinity may be a mask.
    """
    for name, truth in truths.items():
        if count := int(truth.exact.isnan().sum()):
            of = f"{count:,} of {truth.exact.numel():,} values"
            message = f"the reference makes NaN on this input: {name} is the first, {of}"
            advice = "nothing can equal it; give another input, or mend what makes it"
            raise Problem("model", f"{message}; {advice}")
