"""What the debugger knows of PyTorch's functions: the one table of their names.

A recorded step is a call of a function by its name, such as ``linear`` or ``permute``.
Three questions are asked of that name: does it leave the numbers as they are, and only
their order changes (`LAYOUTS`)? What are its arguments called (`by_name`)? And, for what
lies within it or may have been done instead, see `debug.reference.intermediates` and
`debug.causes.hypotheses.functions`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

AXES_MOVED = frozenset(
    {"permute", "transpose", "swapaxes", "swapdims", "movedim", "t", "T", "mT"}
)
"""The axes change places."""
RESHAPED = frozenset(
    {"view", "reshape", "flatten", "unflatten", "squeeze", "unsqueeze", "contiguous"}
)
"""The same numbers in the same order, under another shape."""
CAST = frozenset({"to", "type"})
"""The same numbers in another precision."""
LAYOUTS = AXES_MOVED | RESHAPED | CAST
"""Functions that leave the numbers as they are."""

REQUIRED = object()
CONVOLUTION: Mapping[str, Any] = {
    "x": REQUIRED,
    "weight": REQUIRED,
    "bias": None,
    "stride": 1,
    "padding": 0,
    "dilation": 1,
    "groups": 1,
}
PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "linear": {"x": REQUIRED, "weight": REQUIRED, "bias": None},
    "conv1d": CONVOLUTION,
    "conv2d": CONVOLUTION,
    "layer_norm": {
        "x": REQUIRED,
        "normalized_shape": REQUIRED,
        "weight": None,
        "bias": None,
        "eps": 1e-5,
    },
    "addmm": {"bias": REQUIRED, "x": REQUIRED, "weight": REQUIRED},
    "embedding": {"x": REQUIRED, "weight": REQUIRED},
    "batch_norm": {
        "x": REQUIRED,
        "mean": None,
        "variance": None,
        "weight": None,
        "bias": None,
        "training": False,
        "momentum": 0.1,
        "eps": 1e-5,
    },
    "group_norm": {
        "x": REQUIRED,
        "num_groups": REQUIRED,
        "weight": None,
        "bias": None,
        "eps": 1e-5,
    },
    "softmax": {"x": REQUIRED, "dim": -1},
    "glu": {"x": REQUIRED, "dim": -1},
    "masked_fill": {"x": REQUIRED, "mask": REQUIRED, "value": REQUIRED},
}
"""By function, the parameters in order with their defaults; what PyTorch calls ``input`` is
``x`` here. Further ones, of which nothing is known, are left as they are."""


_RENAMED = {"input": "x", "running_mean": "mean", "running_var": "variance"}


def by_name(
    function: str, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> dict[str, Any]:
    """All arguments of a call by the names in `PARAMETERS`.

    Raises:
        TypeError: one that is required is missing.
    """
    parameters = PARAMETERS[function]
    named = {_RENAMED.get(name, name): value for name, value in kwargs.items()}
    given = {**parameters, **dict(zip(parameters, args, strict=False)), **named}
    if missing := [name for name, value in given.items() if value is REQUIRED]:
        raise TypeError(f"{function} lacks {', '.join(missing)}")
    return given
