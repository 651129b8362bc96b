"""How long the encoder takes: MAX's beside PyTorch's, one window of 30 s at a time."""

from collections.abc import Callable
from typing import Any

import torch
from max.driver import Buffer
from max.dtype import DType
from whisper.audio import N_FRAMES
from whisper.model import ModelDimensions

from benchmarks.gpu_rows.found import Found, Say
from benchmarks.gpu_rows.rates import waiting
from benchmarks.gpu_rows.target import (
    Clock,
    max_clock,
    measured,
    torch_clock,
    torch_side,
)
from core.backends.max_encoder import load_max_encoder
from core.machine import DeviceMemory, peak_memory
from core.model.checkpoint import load_checkpoint
from core.model.openai_encoder import load_encoder
from core.model.port import GRAPH
from debug.candidate.devices import choose_device, gpu_number

RUNS = {"cuda": 50, "cpu": 5}


def time_encoder(say: Say, device: str, size: str, side: str, dtype: str) -> Found:
    """Warm, the median of 50 by events, with the most memory that it had."""
    chosen = torch_side(device)
    memory = DeviceMemory(gpu_number(device))
    checkpoint = load_checkpoint("micro" if size == "micro" else f"random:{size}")
    dims, state = checkpoint.dims, checkpoint.encoder_state()
    figures: dict[str, Any] = {
        "side": side,
        "size": size,
        "dtype": dtype,
        "operations": operations(dims),
        "bytes": weights(dims) * getattr(torch, dtype).itemsize,
    }
    say(figures)
    torch.manual_seed(0)
    mel = torch.randn(1, dims.n_mels, N_FRAMES).to(getattr(torch, dtype))
    with torch.inference_mode():
        if side == "max":
            call, clock, wait = max_side(device, dims, state, dtype, mel)
        else:
            call, wait = pytorch_side(chosen, dims, state, mel, side == "torch-compiled")
            clock = torch_clock(chosen)
        figures |= measured(call, clock, wait, RUNS[chosen.type])
    used = memory.measure()
    figures |= {"process_bytes": peak_memory(), "device_bytes": used.device}
    if chosen.type == "cuda":
        figures["torch_peak_bytes"] = torch.cuda.max_memory_allocated(chosen)
    says = f"{figures['median_ms']:.3g} ms, the median of {figures['runs']}"
    says += f" ({figures['wall_ms']:.3g} on the wall)"
    if used.device is not None:
        says += f", {used.device / 1e9:.2f} GB of the GPU"
    return Found(says, figures=figures)


def pytorch_side(
    device: torch.device,
    dims: ModelDimensions,
    state: dict[str, torch.Tensor],
    mel: torch.Tensor,
    is_compiled: bool,
) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """openai's encoder with its fast attention (SDPA). Weights are narrowed once, where
    openai's code would do it in every call; its layer norms compute in float32."""
    encoder: torch.nn.Module = load_encoder(dims, state).to(device)
    for module in encoder.modules():
        if isinstance(module, torch.nn.Linear | torch.nn.Conv1d):
            module.to(mel.dtype)
    x = mel.to(device)
    call = torch.compile(encoder) if is_compiled else encoder
    return lambda: call(x), waiting(device)


def max_side(
    device: str,
    dims: ModelDimensions,
    state: dict[str, torch.Tensor],
    dtype: str,
    mel: torch.Tensor,
) -> tuple[Callable[[], Any], Clock, Callable[[], Any]]:
    """The compiled port, its input on the device."""
    chosen = choose_device(device)
    encoder = load_max_encoder(GRAPH, dims, state, DType[dtype], chosen, lambda: None)
    x = Buffer.from_dlpack(mel).to(chosen)
    chosen.synchronize()
    return lambda: encoder.run(x), max_clock(chosen), chosen.synchronize


def operations(dims: ModelDimensions) -> int:
    """Multiplications and additions of one window's products."""
    n, frames, d = dims.n_audio_ctx, N_FRAMES, dims.n_audio_state
    convolutions = 3 * d * (frames * dims.n_mels + n * d)
    block = n * 12 * d * d + 2 * n * n * d
    return 2 * (convolutions + dims.n_audio_layer * block)


def weights(dims: ModelDimensions) -> int:
    """Numbers that are read at least once for one window."""
    d = dims.n_audio_state
    return 3 * d * (dims.n_mels + d) + dims.n_audio_layer * 12 * d * d
