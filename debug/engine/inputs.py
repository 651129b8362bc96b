"""The candidate's inputs beside the reference's, which have rows before the first layer."""

import torch
from torch import Tensor

from debug.causes.explainer import explain_input
from debug.measure.divergence import compare
from debug.measure.truth import Truth
from debug.protocol.values import Cause, Divergence, Finding, Stats

OTHER_ORDER = "the same numbers in another order: reshaped where axes are to be exchanged"


def compared(value: Tensor, truth: Truth) -> tuple[Stats, Divergence, list[Finding]]:
    """An input beside the reference's, and why it is another one if it is.

    Args:
        value: the candidate's, in any shape.
        truth: the reference's side of it.
    """
    stats, divergence = compare(value, truth, truth.stats.dtype)
    return stats, divergence, [] if divergence.verdict.healthy else [_why(value, truth)]


def _why(value: Tensor, truth: Truth) -> Finding:
    """The likeliest causes. Of the same numbers in another order no transform of them is
    one."""
    given, wanted = (each.double().flatten() for each in (value, truth.exact))
    if not torch.equal(given.sort().values, wanted.sort().values):
        return explain_input(value, truth)
    cause = Cause(OTHER_ORDER, 1.0, 0.0)
    return Finding("input of the model", None, None, None, None, "", [cause])
