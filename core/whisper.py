"""Whisper's encoder as a subject of the debugger."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import cast

import numpy as np
import torch
from max import nn
from max.driver import CPU, Accelerator, Buffer, Device, accelerator_count
from max.dtype import DType
from max.graph import DeviceRef
from torch import Tensor

from core.audio import load_audio, log_mel, log_mel_float64, window
from core.checkpoint import Checkpoint, load_checkpoint
from core.reference import load_encoder, run_encoder
from core.weights import check_weights, to_buffer
from debug.diagnostic import Problem
from debug.subject import Candidate, Input, LayerName, Options

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_AUDIO = ROOT / "audio_samples" / "speech.flac"
DEFAULT_GRAPH = ROOT / "core" / "encoder.py"
DEFAULT_MODEL = "micro"

DTYPES = {
    "cpu": ("float32", "float64"),
    "gpu": ("float32", "float16", "bfloat16"),
}
CHANNELS_LAST = (0, 2, 1)


def open_subject(options: Options) -> "WhisperSubject":
    """Loads the audio, the checkpoint and the device that a person asked for.

    Raises:
        Problem: one of them can't be had; nothing was written.
    """
    device = choose_device(options.text("device", "auto"))
    dtype = choose_dtype(options.text("dtype", "float32"), device)
    graph = Path(options.text("graph", str(DEFAULT_GRAPH)))
    if not graph.is_file():
        raise Problem(
            "graph", f"there is no file {graph}; give the encoder's source with --graph"
        )
    audio = Path(options.text("audio", str(DEFAULT_AUDIO)))
    start = options.number("start", 0.0)
    samples = window(load_audio(audio), start)
    checkpoint = load_checkpoint(options.text("model", DEFAULT_MODEL))
    return WhisperSubject(checkpoint, samples, audio.name, graph, device, dtype)


def choose_device(name: str) -> Device:
    """``auto`` is the GPU where MAX finds one."""
    if name not in ("auto", "cpu", "gpu"):
        raise Problem("device", f"unknown device {name!r}; choose auto, cpu or gpu")
    if name == "cpu" or (name == "auto" and accelerator_count() == 0):
        return CPU()
    if accelerator_count() == 0:
        raise Problem("device", "MAX finds no GPU on this machine; use --device cpu")
    return Accelerator()


def choose_dtype(name: str, device: Device) -> DType:
    kind = "cpu" if device.is_host else "gpu"
    known = sorted({dtype for dtypes in DTYPES.values() for dtype in dtypes})
    if name not in known:
        raise Problem("dtype", f"unknown dtype {name!r}; choose {', '.join(DTYPES[kind])}")
    if name not in DTYPES[kind]:
        choices = " or ".join(DTYPES[kind])
        where = "the CPU" if kind == "cpu" else "the GPU"
        raise Problem(
            "dtype", f"MAX has no {name} kernels for {where}; use --dtype {choices}"
        )
    return DType[name]


class WhisperSubject:
    """openai's encoder, and the port of it in a source file."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        samples: Tensor,
        audio: str,
        graph: Path,
        device: Device,
        dtype: DType,
    ) -> None:
        self.title = checkpoint.title
        self.audio = audio
        self.graph = graph
        self.device = device
        self.dtype = dtype
        self._dims = checkpoint.dims
        self._state = checkpoint.encoder_state()
        self._buffers: dict[tuple[str, DType], Buffer] = {}
        self._samples = samples
        n_mels = self._dims.n_mels
        mel = log_mel(samples, n_mels)
        self.inputs = [
            Input("audio", samples.double(), samples),
            Input("mel", log_mel_float64(samples, n_mels), mel),
        ]
        self.layers = layer_names(self._dims.n_audio_layer)

    def reference(self) -> torch.nn.Module:
        return load_encoder(self._dims, self._state)

    def run_reference(self, module: torch.nn.Module, x: Tensor) -> None:
        run_encoder(module, x)

    def candidate(self, source: ModuleType) -> Candidate:
        encoder_class = getattr(source, "AudioEncoder", None)
        if not (isinstance(encoder_class, type) and issubclass(encoder_class, nn.Module)):
            message = "no max.nn.Module named AudioEncoder is here"
            raise Problem(
                "graph", f"{message}: name the encoder as openai does", self.graph
            )
        build = cast(Callable[..., nn.Module], encoder_class)
        module = build(
            self._dims.n_mels,
            self._dims.n_audio_ctx,
            self._dims.n_audio_state,
            self._dims.n_audio_head,
            self._dims.n_audio_layer,
            self.dtype,
            DeviceRef.from_device(self.device),
        )
        check_weights(module, self._state, self.graph)
        declared = module.raw_state_dict()
        weights = {
            name: self._buffer(name, weight.dtype) for name, weight in declared.items()
        }
        module.load_state_dict(weights)
        return Candidate(module, weights, self._candidate_inputs(source))

    def _buffer(self, name: str, dtype: DType) -> Buffer:
        """A weight on the device: one buffer for all generations that ask alike."""
        key = name, dtype
        if key not in self._buffers:
            self._buffers[key] = to_buffer(name, self._state[name], dtype, self.device)
        return self._buffers[key]

    def _candidate_inputs(self, source: ModuleType) -> Mapping[str, Tensor]:
        """What the port is fed: openai's log-mel, unless its source brings its own."""
        mel = self.inputs[-1].reference
        own = getattr(source, "log_mel_spectrogram", None)
        if own is not None:
            mel = torch.as_tensor(np.asarray(own(self._samples.numpy(), self._dims.n_mels)))
            mel = mel.reshape(1, *mel.shape[-2:])
        return {"audio": self._samples, "mel": mel}


def layer_names(n_layer: int) -> list[LayerName]:
    """The encoder's layers in order of computation: 4 + 10 a block, 44 in ``tiny``.

    A module is a layer if it has weights or joins others; openai's GELU and Sequential
    are left out, for a port need not have them as modules.
    """
    attention = [f"attn.{part}" for part in ("query", "key", "value", "out")]
    names = [
        LayerName("conv1", CHANNELS_LAST, "encoder"),
        LayerName("conv2", CHANNELS_LAST, "encoder"),
    ]
    for number in range(n_layer):
        block = f"blocks.{number}"
        names.append(LayerName(f"{block}.attn_ln", None, block))
        names += [LayerName(f"{block}.{a}", None, f"{block}.attn") for a in attention]
        names += [
            LayerName(f"{block}.{part}", None, block)
            for part in ("attn", "mlp_ln", "mlp.0", "mlp.2")
        ]
        names.append(LayerName(block, None, "encoder"))
    return [*names, LayerName("ln_post", None, "encoder"), LayerName("encoder")]
