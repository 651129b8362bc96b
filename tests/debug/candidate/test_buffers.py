"""Tensors on their way between PyTorch and MAX."""

from types import SimpleNamespace
from typing import cast

import pytest
import torch
from max.driver import CPU, Buffer, Device
from max.dtype import DType
from recordings import numbers

from debug.candidate import buffers
from debug.candidate.buffers import content_digest, to_buffer, to_torch


@pytest.mark.parametrize("name", ["float32", "float16", "bfloat16", "float64"])
def test_a_value_comes_back_in_the_graphs_precision(name: str):
    value = numbers(2, 3)
    back = to_torch(to_buffer(value, DType[name], CPU()))
    assert torch.equal(back, value.to(getattr(torch, name)))


def test_a_value_in_another_layout_keeps_its_numbers():
    value = numbers(2, 3).T
    buffer = to_buffer(value, DType.float64, CPU())
    assert list(buffer.shape) == [3, 2]
    assert torch.equal(to_torch(buffer), value)


def test_a_value_on_the_cpu_is_not_copied():
    buffer = to_buffer(numbers(2, 3), DType.float64, CPU())
    to_torch(buffer)[0, 0] = 7
    assert to_torch(buffer)[0, 0] == 7


def test_equal_numbers_have_equal_digests_and_others_have_not():
    value = numbers(2, 3)
    assert content_digest(value) == content_digest(value.clone())
    assert content_digest(value) != content_digest(value + 1e-12)


class Gpu:
    """A device that only notes what is asked of it, in the order of the asking."""

    is_host = False

    def __init__(self) -> None:
        self.asked: list[str] = []

    def synchronize(self) -> None:
        self.asked.append("waited")


def test_a_copy_to_a_gpu_is_waited_for_while_its_source_is_there(monkeypatch):
    gpu = Gpu()
    copied = SimpleNamespace(to=lambda device: gpu.asked.append("copied"))
    monkeypatch.setattr(buffers, "Buffer", SimpleNamespace(from_dlpack=lambda _: copied))
    buffers.to_buffer(numbers(2, 3), DType.float16, cast(Device, gpu))
    assert gpu.asked == ["copied", "waited"]


def test_a_gpu_is_waited_for_before_its_numbers_are_read():
    gpu, here = Gpu(), to_buffer(numbers(2, 3), DType.float64, CPU())

    def to(_: Device) -> Buffer:
        gpu.asked.append("copied")
        return here

    there = cast(Buffer, SimpleNamespace(device=gpu, to=to))
    assert torch.equal(to_torch(there), numbers(2, 3))
    assert gpu.asked == ["copied", "waited"]
