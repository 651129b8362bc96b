"""What the figures are of, and what has to be compiled before there are any."""

import time
from dataclasses import asdict
from typing import Any

import msgspec
import torch
from max.driver import Buffer, Device, accelerator_count
from max.dtype import DType

from benchmarks.gpu_rows.found import Found, Say
from core.backends.max_encoder import load_max_encoder
from core.machine import describe_machine, processor
from core.model.checkpoint import load_checkpoint
from core.model.devices import torch_device
from core.model.port import GRAPH
from debug.candidate import kernels as debugger_kernels
from debug.candidate import max_internals
from debug.candidate.device_products import products_of
from debug.candidate.devices import choose_device
from debug.protocol.diagnostic import Problem


def card(say: Say, device: str) -> Found:
    """Versions, the card, and whether MAX and PyTorch both see it."""
    figures: dict[str, Any] = {"machine": msgspec.structs.asdict(describe_machine())}
    say(figures)
    if problem := max_internals.check():
        raise Problem("max", problem)
    chosen = choose_device(device)
    figures["max_gpus"] = accelerator_count()
    if chosen.is_host:
        name = processor()
    else:
        side = torch_device(chosen)
        name = torch.cuda.get_device_name(side)
        free, total = torch.cuda.mem_get_info(side)
        figures |= {
            "architecture": chosen.architecture_name,
            "compute_capability": torch.cuda.get_device_capability(side),
            "torch_gpus": torch.cuda.device_count(),
            "torch_cuda": torch.version.cuda,
            "memory_total": total,
            "memory_free": free,
            "memory_taken_by_max": reserved(chosen, side),
        }
    figures["card"] = name
    versions = ", ".join(f"{n} {v}" for n, v in describe_machine().versions.items())
    return Found(f"{name}; {versions}", figures=figures)


def reserved(device: Device, side: torch.device) -> int:
    """Bytes that are gone once MAX was asked for a few: it may take them in large pieces,
    and leave PyTorch in the same process too little."""
    before, _ = torch.cuda.mem_get_info(side)
    held = Buffer.zeros((1024,), DType.float32, device=device)
    device.synchronize()
    after, _ = torch.cuda.mem_get_info(side)
    del held
    return before - after


def kernels(say: Say, device: str, dtype: str) -> Found:
    """What the interpreter needs, as ``maxwhisper warm`` does it."""
    chosen, heard = choose_device(device), []
    started = time.perf_counter()
    debugger_kernels.warm(DType[dtype], chosen, heard.append)
    seconds = time.perf_counter() - started
    products = asdict(products_of(chosen, DType[dtype]))
    figures = {"seconds": seconds, "announced": heard, "products": products}
    says = f"{'; '.join(heard) or 'nothing to do'} ({seconds:.1f} s); "
    says += ", ".join(f"{name} {how}" for name, how in products.items())
    return Found(says, figures=figures)


def encoder(say: Say, device: str, size: str, dtype: str) -> Found:
    """The port as one graph, compiled and kept on the disk."""
    checkpoint = load_checkpoint("micro" if size == "micro" else f"random:{size}")
    chosen = choose_device(device)
    compiled = load_max_encoder(
        GRAPH,
        checkpoint.dims,
        checkpoint.encoder_state(),
        DType[dtype],
        chosen,
        lambda: say({"compiling": True}),
    ).compiled
    figures: dict[str, Any] = {
        "compile_seconds": compiled.seconds,
        "compiled_now": compiled.now,
    }
    how = "compiled" if compiled.now else "read from the disk; it had compiled"
    figures["file_bytes"] = compiled.file.stat().st_size
    return Found(f"{how} in {compiled.seconds:.0f} s", figures=figures)
