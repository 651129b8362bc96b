"""What the doctor says of GPUs. They are not real."""

import pytest
import torch

from core.worker import doctor


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    gib = 2**30
    answers = {
        "is_available": lambda: True,
        "device_count": lambda: 2,
        "get_device_name": lambda number: f"card {number}",
        "get_device_capability": lambda number: (9, 0) if number == 0 else (12, 0),
        "mem_get_info": lambda number: (70 * gib, 80 * gib),
        "get_arch_list": lambda: ["sm_80", "sm_90"],
    }
    for name, answer in answers.items():
        monkeypatch.setattr(torch.cuda, name, answer)


@pytest.mark.usefixtures("two_gpus")
def test_every_gpu_is_named_with_its_number_architecture_and_free_memory():
    _, first, _ = doctor.torch()
    assert "gpu:0 is card 0, sm_90, 70 of 80 GiB free" in first.detail
    assert first.remedy == ""


@pytest.mark.usefixtures("two_gpus")
def test_a_pytorch_without_code_for_a_gpu_is_said_to_be_one():
    *_, second = doctor.torch()
    assert "card 1, sm_120" in second.detail
    assert "this one has sm_80 sm_90" in second.remedy


def test_a_gpu_that_is_hidden_is_no_riddle(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    *_, cuda = doctor.torch()
    assert cuda.detail == "13.0, but no GPU (CUDA_VISIBLE_DEVICES shows '-1')"


def test_an_examination_that_meets_a_full_gpu_says_what_to_do(monkeypatch):
    def full():
        raise RuntimeError("CUDA out of memory. Tried to allocate 20 MiB")
        yield

    monkeypatch.setattr(doctor, "python", full)
    first = next(doctor.examine(lambda what: None))
    assert not first.ok
    assert first.remedy.startswith("its memory is full")
