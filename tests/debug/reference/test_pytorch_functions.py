"""The one table of PyTorch's functions."""

import inspect

import pytest
import torch.nn.functional as F

from debug.reference.pytorch_functions import PARAMETERS, REQUIRED, by_name


def test_arguments_have_their_names_however_they_were_given():
    expected = {"x": "x", "weight": "w", "bias": "b"}
    assert by_name("linear", ("x", "w", "b"), {}) == expected
    assert by_name("linear", ("x",), {"bias": "b", "weight": "w"}) == expected
    assert by_name("linear", (), {"input": "x", "weight": "w", "bias": "b"}) == expected


def test_what_is_not_given_is_its_default():
    given = by_name("conv1d", ("x", "w"), {"padding": 1})
    assert (given["bias"], given["stride"], given["padding"]) == (None, 1, 1)
    assert by_name("layer_norm", ("x", (4,)), {})["eps"] == 1e-5


def test_a_required_argument_that_is_missing_is_named():
    with pytest.raises(TypeError, match="layer_norm lacks normalized_shape"):
        by_name("layer_norm", ("x",), {})


def test_the_order_and_the_default_of_layer_norm_are_pytorchs():
    theirs = inspect.signature(F.layer_norm).parameters
    ours = PARAMETERS["layer_norm"]
    assert ["x" if name == "input" else name for name in theirs] == list(ours)
    defaults = {
        name: REQUIRED if each.default is inspect.Parameter.empty else each.default
        for name, each in theirs.items()
    }
    assert {"x" if name == "input" else name: d for name, d in defaults.items()} == ours
