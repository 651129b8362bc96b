"""Whisper on the CPU, on the GPU, and with the MAX encoder before PyTorch's decoder."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from whisper.model import Whisper

from core.backends.max_encoder import load_max_encoder
from core.messages import BACKENDS, BackendOptions, Ready
from core.model.checkpoint import Checkpoint, load_checkpoint
from core.model.devices import torch_gpu
from core.model.port import GRAPH, find_port
from debug.candidate.devices import choose_device, choose_dtype, gpu_number
from debug.protocol.diagnostic import Problem, first_line

Announce = Callable[[str], None]
"""Is told what is slow before it begins."""


@dataclass(frozen=True)
class Backend:
    model: Whisper
    half: bool
    """Whether openai's code is asked for float16."""
    ready: Ready


def open_backend(options: BackendOptions, announce: Announce) -> Backend:
    """Loads a Whisper that transcribes. None stands in for another that can't run.

    Raises:
        Problem: there is no such backend, or it can't run here.
    """
    openers = {"cpu": _open_cpu, "gpu": _open_gpu, "max": _open_max}
    if options.name not in openers:
        message = f"unknown backend {options.name!r}; choose {', '.join(BACKENDS)}"
        raise Problem("backend", message)
    return openers[options.name](options, announce)


def _open_cpu(options: BackendOptions, announce: Announce) -> Backend:
    if options.dtype not in ("auto", "float32"):
        message = f"openai's Whisper does not run in {options.dtype} on the CPU"
        raise Problem("dtype", f"{message}; use --dtype float32")
    return _open_torch(options, announce, torch.device("cpu"), "float32")


def _open_gpu(options: BackendOptions, announce: Announce) -> Backend:
    device = torch_gpu(gpu_number(options.device))
    dtype = "float16" if options.dtype == "auto" else options.dtype
    if dtype not in ("float16", "float32"):
        message = f"openai's Whisper does not run in {dtype} on the GPU"
        raise Problem("dtype", f"{message}; use --dtype float16 or float32")
    return _open_torch(options, announce, device, dtype)


def _open_torch(
    options: BackendOptions, announce: Announce, device: torch.device, dtype: str
) -> Backend:
    started = time.perf_counter()
    checkpoint = _load(options, announce)
    _make_current(device)
    try:
        model = checkpoint.build().to(device)
    except RuntimeError as error:
        message = f"PyTorch can't put the model on {options.name}: {first_line(error)}"
        raise Problem("device", message, detail=str(error)) from error
    ready = Ready(
        backend=options.name,
        model=checkpoint.title,
        device=describe(device),
        dtype=dtype,
        load_seconds=time.perf_counter() - started,
    )
    return Backend(model, dtype == "float16", ready)


def _open_max(options: BackendOptions, announce: Announce) -> Backend:
    started = time.perf_counter()
    device = choose_device(options.device)
    usual = "float32" if device.is_host else "float16"
    dtype = choose_dtype(usual if options.dtype == "auto" else options.dtype, device)
    graph = find_port(Path(options.graph) if options.graph else GRAPH)
    checkpoint = _load(options, announce)
    model = checkpoint.build()
    # The decoder goes where the encoder is, so that the features need not move.
    on_gpu = torch.cuda.is_available() and not device.is_host
    decoder_device = torch_gpu(device.id) if on_gpu else torch.device("cpu")
    _make_current(decoder_device)
    announce("reading the MAX encoder")
    encoder = load_max_encoder(
        graph,
        checkpoint.dims,
        checkpoint.encoder_state(),
        dtype,
        device,
        lambda: announce(f"compiling the encoder for the {device.label}, once"),
    )
    model.encoder = encoder  # pyright: ignore[reportAttributeAccessIssue]
    model.to(decoder_device)
    compiled = encoder.compiled
    ready = Ready(
        backend=options.name,
        model=checkpoint.title,
        device=f"encoder on MAX {device.label}, decoder on {describe(decoder_device)}",
        dtype=dtype.name,
        load_seconds=time.perf_counter() - started - compiled.seconds * compiled.now,
        compile_seconds=compiled.seconds,
        compiled_now=compiled.now,
        artifact=str(compiled.file),
    )
    half = dtype.name == "float16" and decoder_device.type == "cuda"
    return Backend(model, half, ready)


def _make_current(device: torch.device) -> None:
    """What is timed and measured later is PyTorch's current GPU."""
    if device.type == "cuda":
        torch.cuda.set_device(device)


def _load(options: BackendOptions, announce: Announce) -> Checkpoint:
    announce("loading the model")
    return load_checkpoint(options.model)


def describe(device: torch.device) -> str:
    if device.type != "cuda":
        return device.type
    return f"cuda ({torch.cuda.get_device_name(device)})"
