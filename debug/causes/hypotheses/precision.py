"""The same function in fewer bits, or on arguments of fewer bits."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from debug.causes.hypotheses.mistake import Mistake
from debug.reference.pytorch_functions import AXES_MOVED, RESHAPED
from debug.reference.recording import Step

OTHER_PRECISIONS = (torch.float16, torch.bfloat16)
PRODUCTS = ("linear", "matmul", "conv1d")
"""What a GPU may compute in TensorFloat-32."""
TF32_MANTISSA = 10


def in_fewer_bits(step: Step) -> Iterator[Mistake]:
    """A step that moves numbers about rounds nothing."""
    if step.name in AXES_MOVED | RESHAPED:
        return

    def rounded(args: Sequence[Any], kwargs: Mapping, dtype: torch.dtype) -> Tensor:
        down = [round_to(a, dtype) for a in args]
        return round_to(step.function(*down, **kwargs), dtype)

    def inputs(args: Sequence[Any], kwargs: Mapping, dtype: torch.dtype) -> Tensor:
        return step.function(*[round_to(a, dtype) for a in args], **kwargs)

    for dtype in OTHER_PRECISIONS:
        name = str(dtype).removeprefix("torch.")
        text = f"{step.name} in {name}"
        yield Mistake(("computed in", name), text, partial(rounded, dtype=dtype))
        text = f"{step.name} of arguments in {name}"
        yield Mistake(("arguments in", name), text, partial(inputs, dtype=dtype))
    if step.name in PRODUCTS:
        yield Mistake(
            ("computed in", "TF32"),
            f"{step.name} in TF32",
            lambda args, kwargs: step.function(*map(to_tf32, args), **kwargs),
        )


def round_to(value: Any, dtype: torch.dtype) -> Any:
    """Rounded to a narrower type, kept in its own."""
    return value.to(dtype).to(value.dtype) if isinstance(value, Tensor) else value


def to_tf32(value: Any) -> Any:
    """Rounded to the 10 bits of mantissa that TensorFloat-32 keeps."""
    if not isinstance(value, Tensor):
        return value
    mantissa, exponent = torch.frexp(value)
    bits = 2.0 ** (TF32_MANTISSA + 1)
    return torch.ldexp((mantissa * bits).round() / bits, exponent)
