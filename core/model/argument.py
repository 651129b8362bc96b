"""Which way round a port takes its spectrogram: mels before frames as openai, or after.

A port says that nowhere: its convolutions fit one of the two, so it is tried which. One
that takes frames first is given a permutation, so that all others meet one layout only.
"""

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

from max import nn
from max.driver import Device
from max.dtype import DType
from max.graph import DeviceRef, Graph, TensorType, TensorValue, ops
from whisper.model import ModelDimensions

from debug.candidate.max_internals import layer_hook


class _FarEnough(Exception):
    """Both convolutions could be traced."""


def takes_frames_first(
    make: Callable[[], nn.Module],
    dims: ModelDimensions,
    dtype: DType,
    device: Device,
    usually: bool,
) -> bool:
    """Whether a port wants (batch, frames, n_mels).

    Args:
        make: gives the port with its weights in place, a new one each time: one whose
            trace was broken off can't be traced again.
        dims: openai's sizes.
        dtype: of the argument.
        device: where it lives.
        usually: what is tried first, and what is said where it can be traced neither way:
            the debugger then traces it once more, and says what is wrong.
    """
    sizes = dims.n_mels, 2 * dims.n_audio_ctx
    place = DeviceRef.from_device(device)

    def fits(frames_first: bool) -> bool:
        shape = (1, *(sizes[::-1] if frames_first else sizes))
        return _can_be_traced(make(), TensorType(dtype, shape, place))

    return usually if fits(usually) or not fits(not usually) else not usually


def _can_be_traced(module: nn.Module, argument: TensorType) -> bool:
    last = getattr(module, "conv2", None)

    def stop(layer: Any, *_: Any) -> None:
        if layer is last:
            raise _FarEnough

    try:
        with layer_hook(stop):
            Graph("layout", lambda x: module(x.tensor), input_types=[argument])
    except _FarEnough:
        return True
    except Exception:  # whatever a port raises on an argument that it does not take
        return False
    return True


def permute_argument(module: nn.Module) -> None:
    """Lets a module that takes frames before mels take what openai's does.

    It stays the object that it is, of a class under its own, so that it has its name, its
    weights and its lines.
    """
    own = type(module)

    @wraps(inspect.unwrap(own.__call__))
    def call(self: Any, x: TensorValue) -> Any:
        return own.__call__(self, ops.permute(x, [0, 2, 1]))

    module.__class__ = type(own.__name__, (own,), {"__call__": call})
