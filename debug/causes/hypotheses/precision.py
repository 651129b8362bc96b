"""The same function in fewer bits, or on arguments of fewer bits."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from debug.causes.hypotheses.mistake import Mistake
from debug.measure.products import MANTISSA
from debug.reference.pytorch_functions import AXES_MOVED, RESHAPED
from debug.reference.recording import Step

OTHER_PRECISIONS = (torch.float16, torch.bfloat16)
PRODUCTS = ("linear", "matmul", "conv1d")
"""What a GPU may compute in TensorFloat-32."""


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
        call = partial(rounded, dtype=dtype)
        yield Mistake(("computed in", name), text, call, wrong=name)
        if len(step.operands) == 1:  # of which is said that it is rounded
            continue
        text = f"{step.name} of arguments in {name}"
        call = partial(inputs, dtype=dtype)
        yield Mistake(("arguments in", name), text, call, wrong=name)
    if step.name in PRODUCTS:
        yield Mistake(
            ("computed in", "TF32"),
            f"{step.name} in TF32",
            lambda args, kwargs: step.function(*map(to_tf32, args), **kwargs),
            wrong="TF32",
        )
        yield from _quantised(step)


def _quantised(step: Step) -> Iterator[Mistake]:
    """A product of which one operand or both were brought to 8 bits."""
    operands = "weight" if step.name != "matmul" else "second factor"
    parts = {"input": (0,), operands: (1,), f"input and {operands}": (0, 1)}
    for name, quantise in IN_8_BITS.items():
        for part, places in parts.items():

            def product(
                args: Sequence[Any],
                kwargs: Mapping,
                quantise: Callable[[Tensor], Tensor] = quantise,
                places: tuple[int, ...] = places,
            ) -> Tensor:
                down = [quantise(a) if n in places else a for n, a in enumerate(args)]
                return step.function(*down, **kwargs)

            text = f"the {part} of {step.name} quantised to {name}"
            key = "quantised", name, part
            yield Mistake(key, text, product, wrong=name)


def to_int8(value: Tensor, by_row: bool) -> Tensor:
    """Steps of a 127th of the largest number, of each row or of all."""
    sizes = value.abs()
    largest = sizes.amax(-1, keepdim=True) if by_row else sizes.max()
    step = (largest / 127).clamp(min=torch.finfo(value.dtype).tiny)
    return (value / step).round() * step


IN_8_BITS: dict[str, Callable[[Tensor], Tensor]] = {
    "int8, a scale for each row": partial(to_int8, by_row=True),
    "int8, one scale": partial(to_int8, by_row=False),
    "float8 (e4m3)": lambda value: round_to(value, torch.float8_e4m3fn),
    "float8 (e5m2)": lambda value: round_to(value, torch.float8_e5m2),
}


def round_to(value: Any, dtype: torch.dtype) -> Any:
    """Rounded to a narrower type, kept in its own."""
    is_real = isinstance(value, Tensor) and not value.is_complex()
    return value.to(dtype).to(value.dtype) if is_real else value


def to_tf32(value: Any) -> Any:
    """Rounded to the 10 bits of mantissa that TensorFloat-32 keeps."""
    if not isinstance(value, Tensor):
        return value
    mantissa, exponent = torch.frexp(value)
    bits = 2.0 ** (MANTISSA + 1)
    return torch.ldexp((mantissa * bits).round() / bits, exponent)
