"""Whisper's encoder as a subject of the debugger."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import ModuleType

import numpy as np
import torch
import whisper.model
from max.driver import Buffer, Device
from max.dtype import DType
from torch import Tensor
from whisper.model import Whisper

from core.messages import MAX_SECONDS
from core.model import openai_encoder
from core.model.audio import (
    BUNDLED_CLIP,
    SAMPLE_RATE,
    WHOLE,
    load_audio,
    log_mel,
    log_mel_float64,
    positions,
    why_silent,
    window,
)
from core.model.checkpoint import Checkpoint, load_checkpoint
from core.model.openai_encoder import encoder_sizes, load_encoder, run_encoder
from core.model.outcome import outcome
from core.model.port import GRAPH, build_port, find_port, state_for
from core.model.spectrogram import wrong_front_ends
from core.model.weights import to_buffer
from debug.candidate.devices import choose_device, choose_dtype
from debug.candidate.source import load_source
from debug.protocol.values import Outcome, Place
from debug.subject import (
    Candidate,
    Input,
    LayerName,
    Options,
    arguments_of,
    bytes_of,
    model_of,
)

DEFAULT_MODEL = "micro"

CHANNELS_LAST = (0, 2, 1)


def open_subject(options: Options) -> "WhisperSubject":
    """Loads the audio, the checkpoint and the device that a person asked for.

    Raises:
        Problem: one of them can't be had; nothing was written.
    """
    device = choose_device(options.text("device", "auto"))
    dtype = choose_dtype(options.text("dtype", "float32"), device, emulated=True)
    graph = find_port(Path(options.text("graph", str(GRAPH))))
    audio = Path(options.text("audio", str(BUNDLED_CLIP)))
    start = options.number("start", 0.0)
    seconds = options.number("seconds", WHOLE)
    track = options.number("track", 0)
    longest = options.number("max_seconds", MAX_SECONDS)
    sound = load_audio(audio, round(track) or None, longest)
    samples = window(sound.samples, start, seconds)
    checkpoint = load_checkpoint(options.text("model", DEFAULT_MODEL))
    checkpoint = checkpoint.shortened(positions(seconds))
    subject = WhisperSubject(checkpoint, samples, sound.name, graph, device, dtype)
    subject.warnings += sound.notes
    silent = None if sound.inaudible else why_silent(sound.name, samples)
    if silent is not None:
        subject.warnings.append(silent)
    return subject


class WhisperSubject:
    """openai's encoder, and the port of it in a source file."""

    casts_weights = True

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
        self.warnings: list[str] = []
        self._own_log_mel: Place | None = None
        self._checkpoint = checkpoint
        self._dims = checkpoint.dims
        self._state = self._state_for_port()
        self._buffers: dict[tuple[str, DType, tuple[int, ...]], Buffer] = {}
        self._samples = samples
        n_mels = self._dims.n_mels
        mel = log_mel(samples, n_mels)
        self.inputs = [
            Input("audio", samples.double(), samples),
            Input("mel", log_mel_float64(samples, n_mels), mel, is_argument=True),
        ]
        self.layers = layer_names(self._dims.n_audio_layer, self._dims.n_audio_head)

    def _state_for_port(self) -> dict[str, Tensor]:
        state = self._checkpoint.encoder_state()
        try:
            source = load_source(self.graph).module
            return state_for(source, self.graph, self._dims, state, self.dtype, self.device)
        except Exception:  # its first load says what is wrong with the source
            return state

    @property
    def sizes(self) -> list[int]:
        """What either encoder is built from, in openai's order."""
        return encoder_sizes(self._dims)

    def weights(self, layer: str) -> dict[str, Tensor]:
        """A layer's tensors in float32, with openai's names and layouts."""
        prefix = "" if layer == model_of(self.layers).name else f"{layer}."
        return {n: tensor for n, tensor in self._state.items() if n.startswith(prefix)}

    def reference(self) -> torch.nn.Module:
        return load_encoder(self._dims, self._state)

    def run_reference(self, module: torch.nn.Module, *arguments: Tensor) -> None:
        run_encoder(module, *arguments)

    def follows_from(self) -> str:
        """openai's encoder as it is installed, and the weights that it is given."""
        found = hashlib.sha256(str(self.sizes).encode())
        for code in (whisper.model.__file__, openai_encoder.__file__):
            found.update(Path(code).read_bytes())
        for name, tensor in self._state.items():
            found.update(repr((name, tensor.dtype, tensor.shape)).encode())
            found.update(bytes_of(tensor))
        return found.hexdigest()

    def made_otherwise(self, name: str, with_too: str = "") -> Iterator[tuple[str, Tensor]]:
        """The log-mel spectrogram of other front ends than openai's."""
        if name == "mel":
            for text, front_end in wrong_front_ends(with_too):
                yield text, front_end.log_mel(self._samples, self._dims.n_mels)

    def axes_of_input(self, name: str) -> Sequence[str]:
        return ("sample",) if name == "audio" else ("mel band", "frame")

    def place_of_input(self, name: str) -> Place | None:
        """The line in which the port's own spectrogram begins."""
        return self._own_log_mel if name == "mel" else None

    def row(self, shape: Sequence[int]) -> str:
        return "frame"

    def unit(self, axis: str, size: int) -> tuple[float, str] | None:
        """The time between two samples, or two frames of the spectrogram or a layer."""
        seconds = len(self._samples) / SAMPLE_RATE
        return (seconds / size, "s") if axis in ("sample", "frame") else None

    @cached_property
    def _decoder(self) -> Whisper:
        return self._checkpoint.build_decoder()

    def outcome(
        self, reference: Tensor, candidate: Tensor, pause: Callable[[], None]
    ) -> Outcome:
        """What openai's decoder hears in (1, 1500, n_state) features of either side."""
        return outcome(self._decoder, reference, candidate, pause)

    def candidate(self, source: ModuleType) -> Candidate:
        port = build_port(
            source,
            self.graph,
            self._dims,
            self._state,
            self.dtype,
            self.device,
            self._buffer,
        )
        theirs = {layer.name: port.naming.of(layer.name) for layer in self.layers}
        names = {ours: name for ours, name in theirs.items() if ours != name}
        inputs = self._candidate_inputs(source)
        return Candidate(port.module, port.weights, inputs, names=names)

    def _buffer(self, name: str, dtype: DType, shape: Sequence[int]) -> Buffer:
        """A weight on the device: one buffer for all generations that ask alike."""
        key = name, dtype, tuple(shape)
        if key not in self._buffers:
            tensor = self._state[name]
            self._buffers[key] = to_buffer(name, tensor, dtype, shape, self.device)
        return self._buffers[key]

    def _candidate_inputs(self, source: ModuleType) -> Mapping[str, Tensor]:
        """The port's input: openai's log-mel, unless its source brings its own."""
        (mel,) = (each.reference for each in arguments_of(self))
        own = getattr(source, "log_mel_spectrogram", None)
        code = getattr(own, "__code__", None)
        self._own_log_mel = Place(code.co_filename, code.co_firstlineno) if code else None
        if own is not None:
            mel = torch.as_tensor(np.asarray(own(self._samples.numpy(), self._dims.n_mels)))
            mel = mel.reshape(1, *mel.shape[-2:])
        return {"audio": self._samples, "mel": mel}


def layer_names(n_layer: int, n_head: int) -> list[LayerName]:
    """The encoder's layers in order of computation: 4 + 10 a block, 44 in ``tiny``.

    A module is a layer if it has weights or joins others; openai's GELU and Sequential
    are left out, for a port need not have them as modules.
    """
    names = [
        LayerName("conv1", CHANNELS_LAST, "encoder"),
        LayerName("conv2", CHANNELS_LAST, "encoder"),
    ]
    for number in range(n_layer):
        block = f"blocks.{number}"
        names.append(LayerName(f"{block}.attn_ln", None, block))
        attn = f"{block}.attn"
        names += [
            LayerName(f"{attn}.{part}", None, attn, n_head)
            for part in ("query", "key", "value")
        ]
        names.append(LayerName(f"{attn}.out", None, attn))
        names += [
            LayerName(f"{block}.{part}", None, block)
            for part in ("attn", "mlp_ln", "mlp.0", "mlp.2")
        ]
        names.append(LayerName(block, None, "encoder"))
    return [*names, LayerName("ln_post", None, "encoder"), LayerName("encoder")]
