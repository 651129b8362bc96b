"""How the GPU script measures, with clocks and devices that are not real."""

from types import SimpleNamespace
from typing import cast

import pytest
import torch
from max.driver import Device
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.gpu_rows import encoders, layers, target
from core.model.checkpoint import load_checkpoint
from core.model.openai_encoder import load_encoder, run_encoder
from debug.candidate import max_dispatch
from debug.candidate.interpreter import LazyValue


class Queue:
    """A GPU's queue in which each call takes 3 ms, and the program does not wait for it."""

    def __init__(self) -> None:
        self.time, self.waited = 0.0, 0

    def work(self) -> None:
        self.time += 3.0

    def record_event(self, event: "Event") -> None:
        event.at = self.time

    def synchronize(self) -> None:
        self.waited += 1


class Event:
    def __init__(self, device: object, enable_timing: bool) -> None:
        assert enable_timing
        self.at: float | None = None

    def elapsed_time(self, end: "Event") -> float:
        assert self.at is not None
        assert end.at is not None
        return end.at - self.at


def test_max_is_timed_by_events_on_the_queue_that_works(monkeypatch: pytest.MonkeyPatch):
    queue = Queue()
    monkeypatch.setattr(target, "DeviceEvent", Event)
    gpu = SimpleNamespace(is_host=False, default_queue=queue, synchronize=queue.synchronize)
    clock = target.max_clock(cast(Device, gpu))
    found = target.measured(queue.work, clock, queue.synchronize, runs=50)
    assert (found["median_ms"], found["least_ms"], found["runs"]) == (3.0, 3.0, 50)
    assert queue.time == 3.0 * 55  # five calls warm up
    assert queue.waited == 3  # before the clock, for the events, and for the wall's time


def test_a_cpu_is_timed_on_the_wall():
    assert target.torch_clock(torch.device("cpu")) is target.wall_clock
    assert len(target.wall_clock(lambda: None, 3)) == 3


def test_pytorch_is_not_measured_with_fewer_bits_than_it_says():
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    assert target.torch_side("cpu") == torch.device("cpu")
    assert not torch.backends.cuda.matmul.allow_tf32
    assert not torch.backends.cudnn.allow_tf32


def test_an_encoders_operations_are_those_that_pytorch_counts():
    checkpoint = load_checkpoint("micro")
    dims = checkpoint.dims
    encoder = load_encoder(dims, checkpoint.encoder_state())
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        run_encoder(encoder, torch.zeros(1, dims.n_mels, 3000))
    counted = counter.get_total_flops()
    assert encoders.operations(dims) == pytest.approx(counted, rel=0.01)


def test_pytorchs_weights_are_narrowed_once_and_its_norms_stay_wide():
    checkpoint = load_checkpoint("micro")
    dims, state = checkpoint.dims, checkpoint.encoder_state()
    mel = torch.zeros(1, dims.n_mels, 3000, dtype=torch.bfloat16)
    with torch.inference_mode():
        call, _ = encoders.pytorch_side(torch.device("cpu"), dims, state, mel, False)
        assert call().dtype == torch.bfloat16


@pytest.mark.max
def test_stepping_gives_the_device_nothing_before_its_turn():
    found = layers.step(lambda _: None, device="cpu", model="micro", dtype="float32")
    assert found.kept
    assert found.figures["early"] == []
    assert found.figures["ok"] == len(found.figures["seconds_a_layer"]) == 44


@pytest.mark.max
def test_an_interpreter_that_runs_ahead_is_caught(monkeypatch: pytest.MonkeyPatch):
    load = layers.Interpreter.load

    def load_and_run(self, traced, injected):
        values = load(self, traced, injected)
        first = next(iter(values))
        last = list(values.values())[-1]
        eager = LazyValue(values[first].digest, lambda: (last.value(), lazy())[1])
        lazy = values[first].value
        return {**values, first: eager}

    monkeypatch.setattr(layers.Interpreter, "load", load_and_run)
    dispatch = max_dispatch.dispatch
    found = layers.step(lambda _: None, device="cpu", model="micro", dtype="float32")
    assert not found.kept
    assert found.figures["early"][0] == "conv1"
    assert max_dispatch.dispatch is dispatch
