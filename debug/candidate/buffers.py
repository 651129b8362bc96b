"""Tensors on their way between PyTorch and MAX."""

import hashlib

import torch
from max.driver import CPU, Buffer, Device
from max.dtype import DType
from torch import Tensor


def to_buffer(value: Tensor, dtype: DType, device: Device) -> Buffer:
    """A tensor of PyTorch as a buffer of MAX on its device, in the graph's precision."""
    narrowed = value.to(getattr(torch, dtype.name)).contiguous()
    return Buffer.from_dlpack(narrowed).to(device)


def to_torch(buffer: Buffer) -> Tensor:
    """A buffer of MAX as a tensor on the CPU, without a copy where it is there already."""
    return torch.from_dlpack(buffer.to(CPU()))


def content_digest(value: Tensor) -> str:
    """Equal for equal numbers: the same input is a new buffer in every generation."""
    return hashlib.blake2b(value.numpy().tobytes(), digest_size=16).hexdigest()
