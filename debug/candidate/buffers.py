"""Tensors on their way between PyTorch and MAX."""

import hashlib
from dataclasses import dataclass, field

import torch
from max.driver import CPU, Buffer, Device
from max.dtype import DType
from torch import Tensor


def to_buffer(value: Tensor, dtype: DType, device: Device) -> Buffer:
    """A tensor of PyTorch as a buffer of MAX on its device, in the graph's precision."""
    narrowed = value.to(getattr(torch, dtype.name)).contiguous()
    return on_device(narrowed, device)


def on_device(value: Tensor, device: Device) -> Buffer:
    """A contiguous tensor of the CPU. It may be gone as soon as this returns, so that a
    copy to a GPU is waited for."""
    buffer = Buffer.from_dlpack(value).to(device)
    if not device.is_host:
        device.synchronize()
    return buffer


def to_torch(buffer: Buffer) -> Tensor:
    """A buffer of MAX as a tensor on the CPU, without a copy where it is there already.

    A GPU computes and copies behind the program's back: it is waited for, so that what is
    compared is there, and what is timed is over.
    """
    here = buffer.to(CPU())
    if not buffer.device.is_host:
        buffer.device.synchronize()
    return torch.from_dlpack(here)


def content_digest(value: Tensor) -> str:
    """Equal for equal numbers: the same input is a new buffer in every generation."""
    return hashlib.blake2b(value.numpy().tobytes(), digest_size=16).hexdigest()


@dataclass
class Tokens:
    """Numbers that stand for buffers in digests: the same object, the same number."""

    seen: dict[int, tuple[int, Buffer]] = field(default_factory=dict)

    def of(self, buffer: Buffer) -> str:
        token, _ = self.seen.setdefault(id(buffer), (len(self.seen), buffer))
        return f"buffer {token}"
