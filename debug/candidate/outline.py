"""A buffer without memory: its type and its place, for a GPU that is only compiled for.

Which kernels a graph needs is found by handing buffers to its operations. MAX pretends that
there is a GPU where it is told so (``max.driver.set_virtual_device_count``), and compiles
for it, but has no memory there. An operation looks at no number before its kernel is known,
so an outline does.
"""

from collections.abc import Sequence
from math import prod
from typing import Any, cast

from max.driver import Buffer, Device, is_virtual_device_mode
from max.dtype import DType


class Outline:
    """What of a `Buffer` is known before it has memory."""

    __class__ = cast(Any, property(lambda self: Buffer))  # operations ask for a Buffer

    def __init__(self, shape: Sequence[int], dtype: DType, device: Device) -> None:
        self.shape, self.dtype, self.device = tuple(shape), dtype, device
        self.rank, self.num_elements = len(self.shape), prod(self.shape)
        self.element_size, self.is_contiguous = dtype.size_in_bytes, True
        self.is_host = device.is_host

    def to(self, device: Device) -> "Outline":
        return Outline(self.shape, self.dtype, device)

    def view(self, dtype: DType, shape: Sequence[int] | None = None) -> "Outline":
        return Outline(self.shape if shape is None else shape, dtype, self.device)


def zeros(shape: Sequence[int], dtype: DType, device: Device) -> Buffer:
    """Zeros, or the outline of them where the device is only compiled for."""
    if is_virtual_device_mode() and not device.is_host:
        return cast(Buffer, Outline(shape, dtype, device))
    return Buffer.zeros(shape, dtype, device=device)
