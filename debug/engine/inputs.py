"""The candidate's inputs beside the reference's, which have rows before the first layer."""

from torch import Tensor

from debug.causes.explained_input import explain_input
from debug.measure.divergence import compare
from debug.measure.truth import Truth
from debug.protocol.statistics import Stats
from debug.protocol.values import Divergence, Finding
from debug.subject import Subject


def compared(
    value: Tensor, truth: Truth, name: str, subject: Subject
) -> tuple[Stats, Divergence, list[Finding]]:
    """An input beside the reference's, and why it is another one if it is.

    Args:
        value: the candidate's, in any shape.
        truth: the reference's side of it.
        name: of the input.
        subject: whose input it is.
    """
    stats, divergence = compare(value, truth, truth.stats.dtype)
    if divergence.verdict.healthy:
        return stats, divergence, []
    return stats, divergence, [explain_input(value, truth, name, subject)]
