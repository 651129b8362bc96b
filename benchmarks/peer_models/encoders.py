"""The encoder by every peer: one function each, from a spectrogram to features.

All of them get the same float32 weights and compute in float32, on the same threads. A peer
that can't run here says why, in the place of a function.
"""

import importlib
import tempfile
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

import torch
from max.driver import CPU
from max.dtype import DType
from torch import Tensor
from whisper.audio import N_FRAMES
from whisper.model import AudioEncoder, disable_sdpa

from benchmarks.peer_models.ctranslate2_model import features_of, whisper_of
from core.backends.max_encoder import load_max_encoder
from core.model.checkpoint import Checkpoint
from core.model.openai_encoder import load_encoder
from core.model.port import GRAPH
from debug.protocol.diagnostic import first_line

Encode = Callable[[Tensor], Tensor]
"""From (1, n_mels, 3000) to (1, 1500, n_state), both in float32 on the CPU."""

EAGER, SDPA, COMPILED = "PyTorch eager", "PyTorch eager, SDPA", "torch.compile"
ONNX, CTRANSLATE2, MAX = "ONNX Runtime", "CTranslate2", "MAX"
ALL = (EAGER, SDPA, COMPILED, ONNX, CTRANSLATE2, MAX)


def encoders(
    checkpoint: Checkpoint, threads: int, only: Collection[str] = ALL
) -> Iterator[tuple[str, Encode | str]]:
    """Each peer by name, ready to run; a text where it can't, which says why."""
    dims, state = checkpoint.dims, checkpoint.encoder_state()
    encoder = load_encoder(dims, state)
    makers: dict[str, Callable[[], Encode]] = {
        EAGER: lambda: without_sdpa(encoder),
        SDPA: lambda: encoder,
        COMPILED: lambda: without_sdpa(torch.compile(encoder)),
        ONNX: lambda: onnx_runtime(encoder, dims.n_mels, threads),
        CTRANSLATE2: lambda: features_of(whisper_of(checkpoint, threads)),
        MAX: lambda: load_max_encoder(
            GRAPH, dims, state, DType.float32, CPU(), lambda: None
        ),
    }
    silence = torch.zeros(1, dims.n_mels, N_FRAMES)
    for name, make in makers.items():
        if name not in only:
            continue
        try:
            encode = make()
            encode(silence)  # what is compiled at the first call is compiled now
        except Exception as error:
            yield name, f"{type(error).__name__}: {first_line(error)}"
        else:
            yield name, encode


def without_sdpa(encode: Callable[[Tensor], Tensor]) -> Encode:
    """With attention as openai writes it out, which is what the port is held against."""

    def explicit(mel: Tensor) -> Tensor:
        with disable_sdpa():
            return encode(mel)

    return explicit


def onnx_runtime(encoder: AudioEncoder, n_mels: int, threads: int) -> Encode:
    """The exported encoder, with all of ONNX Runtime's optimisations."""
    onnxruntime = importlib.import_module("onnxruntime")
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "encoder.onnx")
        with disable_sdpa():
            torch.onnx.export(
                encoder,
                (torch.zeros(1, n_mels, N_FRAMES),),
                file,
                input_names=["mel"],
                output_names=["features"],
                dynamo=True,
                verbose=False,
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(file, options, ["CPUExecutionProvider"])

    def encode(mel: Tensor) -> Tensor:
        (features,) = session.run(None, {"mel": mel.numpy()})
        return torch.from_numpy(features)

    return encode
