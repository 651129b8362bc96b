"""A save hashes no weight again that it left alone."""

import pytest
import torch
from max.driver import CPU
from max.dtype import DType
from port_files import write_port
from torch import Tensor

import debug.port.subject as port_subject
from debug.port import fingerprints
from debug.port.remembered import Remembered
from debug.port.subject import open_port
from debug.port.weights import Buffers
from debug.subject import Options


@pytest.fixture
def counted() -> tuple[Remembered[float], list[float]]:
    asked: list[float] = []

    def total(tensor: Tensor, times: int = 1) -> float:
        asked.append(times)
        return float(tensor.sum()) * times

    return Remembered(total), asked


def test_the_same_memory_is_looked_at_once(counted):
    total, asked = counted
    weight = torch.ones(3, 4)
    assert total(weight) == total(weight.detach()) == 12
    assert total(weight, 2) == 24
    assert asked == [1, 2]


def test_memory_that_was_written_to_is_looked_at_again(counted):
    total, _ = counted
    weight = torch.ones(4)
    assert total(weight) == 4
    weight.mul_(2)
    assert total(weight) == 8


def test_memory_that_was_given_back_is_no_longer_the_tensor(counted):
    total, _ = counted
    for value in range(20):
        assert total(torch.full((1000,), float(value))) == 1000 * value


def test_equal_numbers_are_one_buffer_and_an_undone_change_is_the_first_again():
    buffers = Buffers(CPU())
    weight = torch.arange(4.0)
    first = buffers.of("w", weight, DType.float32).buffer
    changed = buffers.of("w", weight * 2, DType.float32).buffer
    assert changed is not first
    assert buffers.of("w", weight.clone(), DType.float32).buffer is first


def test_a_weight_that_was_written_to_is_another_buffer():
    buffers = Buffers(CPU())
    weight = torch.arange(4.0)
    first = buffers.of("w", weight, DType.float32).buffer
    weight.add_(1)
    assert buffers.of("w", weight, DType.float32).buffer is not first


@pytest.mark.max
def test_opening_asks_for_the_port_once_and_a_save_hashes_nothing(tmp_path, monkeypatch):
    path = write_port(tmp_path)
    calls: list[object] = []
    real = port_subject.port_in
    monkeypatch.setattr(
        port_subject, "port_in", lambda *given: (calls.append(given), real(*given))[1]
    )
    subject = open_port(Options({"port": str(path), "device": "cpu"}))
    assert len(calls) == 1
    monkeypatch.setattr(fingerprints, "_hash", None)  # whoever hashes now, fails
    port_subject.build(subject, port_subject.load_source(path), subject.layers, False)
    assert len(calls) == 2
