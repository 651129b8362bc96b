"""Which backends can be had. MAX itself is left to the worker's process."""

import pytest
import torch

from core.backends.backend import open_backend
from core.messages import BackendOptions
from core.model.checkpoint import load_checkpoint
from debug.protocol.diagnostic import Problem

no_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")


def problem_of(**options: str) -> str:
    with pytest.raises(Problem) as raised:
        open_backend(BackendOptions(**options), lambda what: None)
    return str(raised.value)


def test_the_cpu_backend_is_openais_own_model():
    announced: list[str] = []
    backend = open_backend(BackendOptions(name="cpu"), announced.append)
    assert type(backend.model.encoder).__module__ == "whisper.model"
    assert backend.ready.dtype == "float32"
    assert backend.ready.compile_seconds is None
    assert announced == ["loading the model"]


def test_every_tensor_of_the_checkpoint_is_in_the_model():
    checkpoint = load_checkpoint("micro")
    state = checkpoint.build().state_dict()
    assert set(state) == set(checkpoint.state)
    assert all(torch.equal(state[name], checkpoint.state[name].float()) for name in state)


def test_an_unknown_backend_is_a_problem():
    assert "choose cpu, gpu, max" in problem_of(name="tpu")


def test_openais_code_does_not_run_in_half_precision_on_the_cpu():
    assert "use --dtype float32" in problem_of(name="cpu", dtype="float16")


@no_gpu
def test_without_a_gpu_its_backend_says_so_and_nothing_stands_in():
    assert "use --backend cpu or max" in problem_of(name="gpu")


@no_gpu
def test_max_is_not_moved_to_the_cpu_when_the_gpu_was_asked_for():
    assert "MAX finds no GPU" in problem_of(name="max", device="gpu")


def test_max_refuses_a_precision_that_its_device_has_not():
    assert "float32 or float64" in problem_of(name="max", device="cpu", dtype="float16")


def test_max_refuses_a_source_that_is_not_there():
    assert "there is no file" in problem_of(name="max", graph="missing.py")
