"""The port that a person edits: its source as a MAX module with its weights.

Three shapes of a port are known. openai's is what `core/encoder.py` is. The other two are
brought to it, so that nothing else need know of them:

- Hugging Face's names: the layers are found by them (`BuiltPort.names`).
- Modular's class ``WhisperEncoder`` has names of its own, is built from a configuration of
  Hugging Face's, and takes frames before mels (`core.model.argument`).

The names are known by the weights that the module declares.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from max import nn
from max.driver import Buffer, Device
from max.dtype import DType
from max.graph import DeviceRef
from torch import Tensor
from whisper.model import ModelDimensions

from core.model.argument import permute_argument, takes_frames_first
from core.model.naming import MODULAR, OPENAI, Naming, naming_of
from core.model.openai_encoder import encoder_sizes
from core.model.weight_files import needs_extra
from core.model.weights import POSITIONS, check_weights, unrounded_table
from debug.protocol.diagnostic import Problem

GRAPH = Path(__file__).parents[1] / "encoder.py"
"""The port that is debugged where no other is asked for."""
CLASSES = ("AudioEncoder", "WhisperEncoder")

ToBuffer = Callable[[str, DType, Sequence[int]], Buffer]
"""Makes a weight: of openai's name, in a precision, of the shape that is declared."""


@dataclass(frozen=True)
class BuiltPort:
    module: nn.Module
    """Takes (batch, n_mels, frames), and gives (batch, positions, n_state)."""
    weights: Mapping[str, Buffer]
    """By the module's own names."""
    naming: Naming


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
    to_buffer: ToBuffer,
) -> BuiltPort:
    """The encoder of a source file with its weights.

    Args:
        source: the file, executed.
        path: the file, for messages.
        dims: openai's sizes.
        state: the encoder's tensors with openai's names and layouts.
        dtype: what the port is asked to compute in.
        device: where it runs.
        to_buffer: makes a weight.

    Raises:
        Problem: there is no such module, or its weights are not the checkpoint's.
    """
    module = make_module(source, path, dims, dtype, device)
    declared = module.raw_state_dict()
    naming = naming_of(declared, state)
    check_weights(module, state, path, naming)
    weights = {
        name: to_buffer(naming.openais(name), weight.dtype, [*map(int, weight.shape)])
        for name, weight in declared.items()
    }

    def another() -> nn.Module:
        again = make_module(source, path, dims, dtype, device)
        again.load_state_dict(weights)
        return again

    module.load_state_dict(weights)
    usually = naming is MODULAR
    if naming is not OPENAI and takes_frames_first(another, dims, dtype, device, usually):
        permute_argument(module)
    return BuiltPort(module, weights, naming)


def state_for(
    source: ModuleType,
    path: Path,
    dims: ModelDimensions,
    state: dict[str, Tensor],
    dtype: DType,
    device: Device,
) -> dict[str, Tensor]:
    """The checkpoint's tensors as a port means them, with the arguments of `build_port`.

    A port without a weight for the position table computes it, and so has it unrounded,
    while most checkpoints keep it rounded to half precision. That is no mistake in the
    port, so PyTorch is to run with the unrounded one, too.
    """
    declared = make_module(source, path, dims, dtype, device).raw_state_dict()
    exact = unrounded_table(state[POSITIONS])
    if exact is None or naming_of(declared, state).of(POSITIONS) in declared:
        return state
    return {**state, POSITIONS: exact}


def make_module(
    source: ModuleType, path: Path, dims: ModelDimensions, dtype: DType, device: Device
) -> nn.Module:
    """The encoder of a source file, without weights.

    Raises:
        Problem: there is none.
    """
    found = (getattr(source, name, None) for name in CLASSES)
    classes = (each for each in found if isinstance(each, type))
    encoder_class = next((each for each in classes if issubclass(each, nn.Module)), None)
    if encoder_class is None:
        message = f"no max.nn.Module named {' or '.join(CLASSES)} is here"
        raise Problem("graph", f"{message}: name it as openai does", path)
    build = cast(Callable[..., nn.Module], encoder_class)
    sizes = [config_of(dims)] if _takes_config(encoder_class) else encoder_sizes(dims)
    return build(*sizes, dtype, DeviceRef.from_device(device))


def _takes_config(encoder_class: type) -> bool:
    """By the innermost constructor that names its parameters."""
    for each in encoder_class.__mro__:
        if "__init__" in vars(each):
            _, *parameters = inspect.signature(vars(each)["__init__"]).parameters.values()
            named = [
                p.name
                for p in parameters
                if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
            ]
            if named:
                return any("config" in name for name in named)
    return False


def config_of(dims: ModelDimensions) -> Any:
    """Hugging Face's configuration of a Whisper of these sizes.

    Raises:
        Problem: `transformers` is not installed.
    """
    try:
        from transformers import WhisperConfig
    except ImportError as error:
        raise needs_extra("transformers") from error
    return WhisperConfig(
        num_mel_bins=dims.n_mels,
        max_source_positions=dims.n_audio_ctx,
        d_model=dims.n_audio_state,
        encoder_attention_heads=dims.n_audio_head,
        encoder_layers=dims.n_audio_layer,
        encoder_ffn_dim=4 * dims.n_audio_state,
        vocab_size=dims.n_vocab,
        max_target_positions=dims.n_text_ctx,
        decoder_attention_heads=dims.n_text_head,
        decoder_layers=dims.n_text_layer,
        decoder_ffn_dim=4 * dims.n_text_state,
    )
