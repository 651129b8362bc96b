"""A checkpoint's sizes and its tensors' shapes: the one from the other, and both compared.

Where nothing says how large a model is, its sizes follow from the tensors, all but how
many heads there are: every official Whisper has one for 64 channels.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict

from torch import Tensor
from whisper.model import ModelDimensions

from core.model.dims import tensor_shapes
from core.model.validation import sizes
from debug.protocol.diagnostic import Problem, cut

HEAD_CHANNELS = 64
DIMENSIONS = {
    "encoder.conv1.weight": 3,
    "encoder.positional_embedding": 2,
    "decoder.token_embedding.weight": 2,
    "decoder.positional_embedding": 2,
}
"""How many each of the tensors has that the sizes follow from."""


def dims_of_shapes(state: Mapping[str, Tensor], source: str) -> ModelDimensions:
    """openai's sizes.

    Args:
        state: tensors by openai's names.
        source: what to call the file in messages.

    Raises:
        Problem: one of the tensors is missing, channels are no whole number of heads, or no
            Whisper has such sizes.
    """
    for name, count in DIMENSIONS.items():
        if name not in state or state[name].ndim != count:
            message = f"{source} lacks the tensor {name}, or has it in another shape"
            raise Problem("model", f"{message}; save model.state_dict()")
    n_state, n_mels, _ = state["encoder.conv1.weight"].shape
    n_vocab, n_text_state = state["decoder.token_embedding.weight"].shape
    if n_state % HEAD_CHANNELS or n_text_state % HEAD_CHANNELS:
        message = f"{source} does not say how many heads {n_state} channels have"
        raise Problem("model", f"{message}; put its config.json beside it")
    found = ModelDimensions(
        n_mels,
        state["encoder.positional_embedding"].shape[0],
        n_state,
        n_state // HEAD_CHANNELS,
        _blocks(state, "encoder"),
        n_vocab,
        state["decoder.positional_embedding"].shape[0],
        n_text_state,
        n_text_state // HEAD_CHANNELS,
        _blocks(state, "decoder"),
    )
    return sizes(asdict(found), source)


def _blocks(state: Mapping[str, Tensor], part: str) -> int:
    found = (re.match(rf"{part}\.blocks\.(\d+)\.", name) for name in state)
    return 1 + max((int(match[1]) for match in found if match), default=-1)


def check_shapes(source: str, dims: ModelDimensions, state: Mapping[str, Tensor]) -> None:
    """Refuses tensors that do not have the sizes that are promised.

    Args:
        source: what to call the file in messages.
        dims: what is promised.
        state: tensors by openai's names.

    Raises:
        Problem: a tensor is missing, of another shape, or one that no Whisper has.
    """
    promised = tensor_shapes(dims)
    if extra := [name for name in state if name not in promised]:
        names = ", ".join(cut(each, 80) for each in extra[:3]) + (
            ", ..." if len(extra) > 3 else ""
        )
        message = f"{source} holds tensors that no Whisper has: {names}"
        raise Problem("model", f"{message}; save model.state_dict()")
    for name, shape in promised.items():
        if name not in state:
            message = f"{source} lacks the tensor {name} that its dims promise"
            raise Problem("model", f"{message}; save it again")
        if state[name].shape != shape:
            shapes = f"{list(state[name].shape)}, its dims promise {list(shape)}"
            raise Problem("model", f"{name} in {source} is {shapes}; save it again")
