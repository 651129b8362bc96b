"""A reference of NaN is refused, with the layer that makes it."""

import pytest
import torch

from debug.measure.truth import Truth, measure_reference
from debug.protocol.diagnostic import Problem
from debug.reference.without_value import check_value

NAN, INF = float("nan"), float("inf")


def truth(*values: float) -> Truth:
    exact = torch.tensor([values], dtype=torch.float64)
    return measure_reference(exact, exact.float())


def test_the_first_layer_that_makes_nan_is_named():
    truths = {"grow": truth(1.0, 2.0), "attn": truth(1.0, NAN)}
    check_value("grow", truths["grow"])
    with pytest.raises(Problem, match="attn is the first, 1 of 2 values") as raised:
        check_value("attn", truths["attn"])
    assert "\n" not in str(raised.value)


def test_infinity_may_be_a_mask():
    check_value("mask", truth(0.0, -INF))
