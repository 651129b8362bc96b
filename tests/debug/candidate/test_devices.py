"""Which device is meant, on machines with none, one or two GPUs. The GPUs are not real."""

from dataclasses import dataclass

import pytest
import torch
from max.driver import CPU
from max.dtype import DType

from core import machine
from core.model import devices as torch_devices
from debug.candidate import devices
from debug.protocol.diagnostic import Problem


@dataclass(frozen=True)
class Gpu:
    id: int
    is_host: bool = False
    label: str = "gpu"


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "accelerator_count", lambda: 2)
    monkeypatch.setattr(devices, "Accelerator", Gpu)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "accelerator_count", lambda: 0)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


def problem_of(name: str) -> str:
    with pytest.raises(Problem) as raised:
        devices.choose_device(name)
    return str(raised.value)


@pytest.mark.usefixtures("two_gpus")
@pytest.mark.parametrize(
    ("name", "number"), [("auto", 0), ("gpu", 0), ("gpu:0", 0), ("gpu:1", 1)]
)
def test_a_gpu_is_chosen_by_its_number_on_both_sides(name: str, number: int):
    device = devices.choose_device(name)
    assert device.id == number
    assert torch_devices.torch_device(device) == torch.device("cuda", number)


@pytest.mark.usefixtures("two_gpus")
def test_the_cpu_can_be_asked_for_where_there_are_gpus():
    device = devices.choose_device("cpu")
    assert device.is_host
    assert torch_devices.torch_device(device) == torch.device("cpu")


@pytest.mark.usefixtures("two_gpus")
def test_a_gpu_too_many_is_a_problem_that_says_how_many_there_are():
    assert "MAX finds 2, counted from gpu:0; use --device gpu:1" in problem_of("gpu:2")
    with pytest.raises(Problem, match="PyTorch finds 2 GPU, and there is no gpu:2"):
        torch_devices.torch_gpu(2)


@pytest.mark.parametrize("name", ["tpu", "gpu:", "gpu:one", "gpu:-1", "cpu:0", "auto:1"])
def test_other_names_are_no_devices(name: str):
    assert "choose auto, cpu or gpu (gpu:1 is the second)" in problem_of(name)


@pytest.mark.usefixtures("no_gpu")
def test_a_gpu_that_is_only_hidden_is_said_to_be(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert "(CUDA_VISIBLE_DEVICES shows 'none'); use --device cpu" in problem_of("gpu")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    assert problem_of("gpu") == "MAX finds no GPU on this machine; use --device cpu"


@pytest.mark.usefixtures("no_gpu")
def test_a_machine_without_a_gpu_still_has_its_cpu():
    assert devices.choose_device("auto").is_host


@pytest.mark.usefixtures("two_gpus")
def test_a_gpu_that_another_process_has_is_a_problem_with_a_remedy(monkeypatch):
    def refuse(_: int) -> Gpu:
        raise ValueError("failed to create device: CUDA_ERROR_DEVICE_UNAVAILABLE")

    monkeypatch.setattr(devices, "Accelerator", refuse)
    said = problem_of("gpu:1")
    assert "MAX can't open gpu:1: another process has the GPU for itself" in said


def test_half_precision_on_the_cpu_is_for_who_can_do_with_an_emulation():
    assert devices.choose_dtype("bfloat16", CPU(), emulated=True) is DType.bfloat16
    with pytest.raises(Problem, match="no float16 kernels for the CPU"):
        devices.choose_dtype("float16", CPU())
    with pytest.raises(Problem, match="unknown dtype 'half'; choose float32, float64, fl"):
        devices.choose_dtype("half", CPU(), emulated=True)


@pytest.mark.usefixtures("two_gpus")
def test_float64_is_refused_on_a_gpu_as_ever():
    with pytest.raises(Problem, match="no float64 kernels for the GPU"):
        devices.choose_dtype("float64", devices.choose_device("gpu"), emulated=True)


@pytest.mark.usefixtures("two_gpus")
def test_memory_and_name_are_those_of_the_gpu_in_use(monkeypatch: pytest.MonkeyPatch):
    free = {0: 100, 1: 900}
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda number: (free[number], 1000))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda number: f"card {number}")
    memory = machine.DeviceMemory(1)
    free[0], free[1] = 0, 650
    assert memory.measure().device == 250
    assert machine.describe_machine(1).gpu == "card 1"
