"""The port that a person edits: its source as a MAX module with its weights."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import cast

from max import nn
from max.driver import Buffer, Device
from max.dtype import DType
from max.graph import DeviceRef
from torch import Tensor
from whisper.model import ModelDimensions

from core.model.openai_encoder import encoder_sizes
from core.model.weights import check_weights
from debug.protocol.diagnostic import Problem

GRAPH = Path(__file__).parents[1] / "encoder.py"
"""The port that is debugged where no other is asked for."""


def find_port(path: Path) -> Path:
    """Makes sure that there is a source to read.

    Raises:
        Problem: there is none.
    """
    if not path.is_file():
        message = f"there is no file {path}; give the encoder's source with --graph"
        raise Problem("graph", message)
    return path


def build_port(
    source: ModuleType,
    path: Path,
    dims: ModelDimensions,
    state: Mapping[str, Tensor],
    dtype: DType,
    device: Device,
    to_buffer: Callable[[str, DType], Buffer],
) -> tuple[nn.Module, dict[str, Buffer]]:
    """The ``AudioEncoder`` of a source file, and its weights by name.

    Args:
        source: the file, executed.
        path: the file, for messages.
        dims: openai's sizes.
        state: the encoder's tensors with openai's names and layouts.
        dtype: what the port is asked to compute in.
        device: where it runs.
        to_buffer: makes a weight of a name in a precision.

    Raises:
        Problem: there is no such module, or its weights are not the checkpoint's.
    """
    encoder_class = getattr(source, "AudioEncoder", None)
    if not (isinstance(encoder_class, type) and issubclass(encoder_class, nn.Module)):
        message = "no max.nn.Module named AudioEncoder is here: name it as openai does"
        raise Problem("graph", message, path)
    build = cast(Callable[..., nn.Module], encoder_class)
    module = build(*encoder_sizes(dims), dtype, DeviceRef.from_device(device))
    check_weights(module, state, path)
    declared = module.raw_state_dict()
    weights = {name: to_buffer(name, weight.dtype) for name, weight in declared.items()}
    module.load_state_dict(weights)
    return module, weights
