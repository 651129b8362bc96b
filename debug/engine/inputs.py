"""What is said of an input of the candidate that is not the reference's."""

import torch
from torch import Tensor

from debug.causes.explainer import explain_input
from debug.measure.truth import Truth
from debug.protocol.values import Cause, Finding

OTHER_ORDER = "the same numbers in another order: reshaped where axes are to be exchanged"


def explained(value: Tensor, truth: Truth) -> Finding:
    """The likeliest causes. Of the same numbers in another order no transform of them is
    one.

    Args:
        value: the candidate's, in any shape.
        truth: the reference's side of it.
    """
    given, wanted = (each.double().flatten() for each in (value, truth.exact))
    if not torch.equal(given.sort().values, wanted.sort().values):
        return explain_input(value, truth)
    cause = Cause(OTHER_ORDER, 1.0, 0.0)
    return Finding("input of the model", None, None, None, None, "", [cause])
