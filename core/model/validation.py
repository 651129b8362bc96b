"""What a checkpoint holds is looked at here, before any of it is used.

A file may say anything: sizes that are text, a million layers, an embedding of 24 GB that
is one number, repeated. Whatever is not a Whisper's weights is refused by name, before it
costs memory or time, and what is left is plain: sizes that are whole numbers within bounds,
tensors of finite floats that are as large as they claim.
"""

from collections.abc import Mapping
from dataclasses import fields

import torch
from torch import Tensor
from whisper.model import ModelDimensions

from core.model.foreign import foreign_tensors
from debug.protocol.diagnostic import Problem, cut

NESTED = ("model_state_dict", "state_dict")
"""Where openai and trainers keep the tensors within a file."""
SIZES = [each.name for each in fields(ModelDimensions)]
LARGEST = ModelDimensions(128, 1500, 16_384, 256, 256, 1_000_000, 100_000, 16_384, 256, 256)
"""Of each size, several times that of the largest Whisper."""
MOST_TENSORS = 20_000
FLOATS = (
    *(torch.float64, torch.float32, torch.float16, torch.bfloat16),
    *(torch.float8_e4m3fn, torch.float8_e5m2),
)
LONGEST = 80
"""Characters of a name or a value within a message."""


def sizes(
    given: object, source: str, called: Mapping[str, str] | None = None
) -> ModelDimensions:
    """openai's sizes.

    Args:
        given: what says how large the model is.
        source: what to call it in messages.
        called: the names that its sizes have there, if they are not openai's.

    Raises:
        Problem: they are not openai's, or a size is no whole number within its bounds;
            or no Whisper has these together.
    """
    if not isinstance(given, Mapping) or {*given} != {*SIZES}:
        message = f"{source} is no Whisper checkpoint: its dims are not openai's"
        raise Problem("model", f"{message}; save it as openai does")
    names = dict(zip(SIZES, SIZES, strict=True)) | dict(called or {})
    for size in SIZES:
        value, most = given[size], getattr(LARGEST, size)
        if type(value) is not int or not 1 <= value <= most:
            message = f"{names[size]} in {source} is {shown(value)}"
            rule = f"it must be a whole number from 1 to {most:,}"
            raise Problem("model", f"{message}: {rule}; save the model again")
    dims = ModelDimensions(**given)
    if dims.n_mels not in (80, 128) or dims.n_audio_ctx != 1500:
        size = f"{dims.n_mels} mels and {dims.n_audio_ctx} positions"
        message = f"{source} has {size}; Whisper has 80 or 128 mels and 1500 positions"
        raise Problem("model", f"{message}: give another model")
    width, text_width = dims.n_audio_state, dims.n_text_state
    if width != text_width or width % 2:
        message = f"{names['n_audio_state']} in {source} is {width}"
        other = f"{names['n_text_state']} {text_width}"
        raise Problem(
            "model", f"{message}, {other}: both must be one even number; correct it"
        )
    for heads in (dims.n_audio_head, dims.n_text_head):
        if width % heads:
            message = f"{heads} heads in {source} do not divide {names['n_audio_state']}"
            raise Problem("model", f"{message} {width}; correct it")
    return dims


def tensors(contents: object, source: str) -> dict[str, Tensor]:
    """The tensors of a file, by the names that they have there.

    Args:
        contents: what the file holds.
        source: what to call it in messages.

    Raises:
        Problem: it holds something else, or a tensor that no weight can be.
    """
    state, what = contents, "it"
    if isinstance(contents, Mapping):
        for key in NESTED:
            if key in contents:
                state, what = contents[key], f"its {key}"
                break
    if not isinstance(state, Mapping):
        message = f"{source} is no Whisper checkpoint: {what} is {shown(state)}"
        raise Problem("model", f"{message}, no dictionary; save model.state_dict()")
    if len(state) > MOST_TENSORS:
        message = f"{source} is no Whisper checkpoint: it holds {len(state):,} tensors"
        raise Problem("model", f"{message}; give a Whisper's state dict")
    for name in state:
        if not isinstance(name, str):
            message = f"a tensor in {source} has the name {shown(name)}, which is no text"
            raise Problem("model", f"{message}; save model.state_dict()")
    if what := foreign_tensors(state):
        raise Problem("model", f"{source} is {what}")
    for name, value in state.items():
        if reason := _unfit(value):
            message = f"{cut(name, LONGEST)} in {source} {reason}"
            raise Problem("model", message)
    return {name: tensor.detach() for name, tensor in state.items()}


def _unfit(value: object) -> str | None:
    """Why something is no weight, and what to do; None if it is one."""
    again = "save model.state_dict()"
    if not isinstance(value, Tensor):
        return f"is {shown(value)}, no tensor; {again}"
    if value.layout != torch.strided:
        return "is a sparse tensor; call to_dense() on it and save again"
    if value.device.type == "meta":
        return (
            "has no values, for it is on the device meta; load the weights and save again"
        )
    kind = str(value.dtype).removeprefix("torch.")
    if value.dtype not in FLOATS:
        return f"has numbers of the type {kind}; save the model in float32"
    if value.numel() * value.element_size() > value.untyped_storage().nbytes():
        size = f"{value.numel():,} numbers and is fewer, repeated"
        return f"claims {size}; call contiguous() on it and save again"
    if count := _not_finite(value):
        numbers = "1 number" if count == 1 else f"{count:,} numbers"
        verb = "is" if count == 1 else "are"
        message = f"holds {numbers} that {verb} NaN, Inf or too large for float32"
        return f"{message}; take a checkpoint from before it diverged"
    return None


def _not_finite(tensor: Tensor) -> int:
    """How many numbers are NaN, or Inf in float32."""
    narrow = tensor.dtype in (torch.float32, torch.float16, torch.bfloat16)
    values = tensor.detach() if narrow else tensor.detach().float()
    if values.sum(dtype=torch.float64).isfinite():  # one pass, and no tensor of booleans
        return 0
    return int((~values.isfinite()).sum())


def shown(value: object) -> str:
    """A value as a message has it: its type, where that says more."""
    if isinstance(value, (str, bytes, int, float, complex, type(None))):
        return cut(repr(value), LONGEST)
    if isinstance(value, Tensor):
        return f"a tensor of the shape {list(value.shape)}"
    if isinstance(value, (list, tuple, dict)):
        return f"a {type(value).__name__} of {len(value):,}"
    return f"a {type(value).__name__}"
