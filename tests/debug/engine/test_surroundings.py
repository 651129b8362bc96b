"""What a source changes of its process is put back before the next one."""

import gc
import os
import random
import resource
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable

import numpy as np
import pytest
import torch
from max.nn.layer import add_layer_hook
from torch.nn.modules.module import register_module_forward_hook

from debug.engine import surroundings
from debug.engine.process_parts import PARTS, PROCESS
from debug.engine.surroundings import BeyondRepair, Surroundings


class Importer:
    """As a source makes one: in a module that nobody can import."""

    __module__ = "candidate_1"

    def find_spec(self, *_: object) -> None: ...


CHANGES: dict[str, Callable[[], object]] = {
    "the working folder": lambda: os.chdir("/"),
    "sys.path": sys.path.clear,
    "the environment": os.environ.clear,
    "the mask of new files": lambda: os.umask(0o777),
    "which signals are blocked": lambda: signal.pthread_sigmask(0, {signal.SIGTERM}),
    "descriptor 0": lambda: os.close(0),
    "what signals do": lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN),
    "the recursion limit": lambda: sys.setrecursionlimit(5000),
    "its priority": lambda: os.nice(1),
    "how long a thread runs": lambda: sys.setswitchinterval(1000),
    "a trace function": lambda: threading.settrace(print),
    "how errors are shown": lambda: setattr(sys, "excepthook", None),
    "which warnings are errors": lambda: warnings.simplefilter("error"),
    "how modules are imported": lambda: sys.meta_path.insert(0, Importer()),
    "the collection of garbage": gc.disable,
    "PyTorch's default dtype": lambda: torch.set_default_dtype(torch.float64),
    "PyTorch's gradients": lambda: torch.set_grad_enabled(False),
    "PyTorch's deterministic mode": lambda: torch.use_deterministic_algorithms(True),
    "PyTorch's default device": lambda: torch.set_default_device("meta"),
    "PyTorch's modes": lambda: torch.set_default_device("cpu"),
    "PyTorch's search for anomalies": lambda: torch.autograd.set_detect_anomaly(True),
    "the precision of PyTorch's products": lambda: torch.set_float32_matmul_precision(
        "high"
    ),
    "what becomes of denormal numbers": lambda: torch.set_flush_denormal(True),
    "PyTorch's hooks of all modules": lambda: register_module_forward_hook(print),
    "MAX's hooks of all layers": lambda: add_layer_hook(print),
    "stdin, stdout or stderr": lambda: setattr(sys, "stdin", None),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_is_changed_is_named_and_put_back(what: str):
    before = Surroundings()
    kept = {name: ask() for name, (ask, _) in PARTS.items()}
    CHANGES[what]()
    assert before.put_back() == [what]
    assert {name: ask() for name, (ask, _) in PARTS.items()} == kept
    assert before.put_back() == []


def test_a_path_that_a_source_adds_goes_without_a_word():
    before, path = Surroundings(), list(sys.path)
    sys.path.insert(0, "lib")
    os.environ["OF_A_LIBRARY"] = "1"
    try:
        assert before.put_back() == []
        assert os.environ["OF_A_LIBRARY"] == "1"
    finally:
        del os.environ["OF_A_LIBRARY"]
    assert sys.path == path


def test_a_variable_that_max_reads_does_not_stay():
    before = Surroundings()
    os.environ["MODULAR_CACHE_DIR"] = "/nowhere"
    assert before.put_back() == ["the environment"]
    assert "MODULAR_CACHE_DIR" not in os.environ


def test_every_source_begins_with_the_same_random_numbers():
    def drawn() -> tuple[float, float, float]:
        return random.random(), np.random.rand(), torch.rand(()).item()

    before = Surroundings()
    assert before.put_back() == []
    first = drawn()
    torch.manual_seed(9)
    assert before.put_back() == []
    assert drawn() == first


def test_who_is_within_a_mode_of_pytorch_has_spoiled_the_process():
    before, mode = Surroundings(), torch.device("cpu")
    mode.__enter__()
    try:
        with pytest.raises(BeyondRepair, match="PyTorch's modes"):
            before.put_back()
    finally:
        mode.__exit__(None, None, None)


def test_a_thread_that_a_source_has_left_at_work_has_spoiled_the_process(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(surroundings, "SURE_SECONDS", 0.05)
    monkeypatch.setattr(surroundings, "BUSY", 0.01)
    before, over = Surroundings(), threading.Event()
    rests = threading.Thread(target=over.wait)
    works = threading.Thread(target=lambda: [None for _ in iter(over.is_set, True)])
    try:
        rests.start()
        assert before.put_back() == []
        time.sleep(0.1)
        assert before.put_back() == []
        works.start()
        assert before.put_back() == []
        time.sleep(2)  # it has its turn, however busy the machine
        with pytest.raises(BeyondRepair, match="threads"):
            before.put_back()
    finally:
        over.set()


def test_a_source_that_has_opened_too_many_files_has_spoiled_the_process():
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = len(os.listdir("/dev/fd"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (2 * used + 20, limit[1]))
    try:
        known = Surroundings()
        opened = [os.open(os.devnull, os.O_RDONLY) for _ in range(20)]
        with pytest.raises(BeyondRepair, match="how many files it has open"):
            known.put_back()
        for each in opened:
            os.close(each)
        assert known.put_back() == []
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)


def test_what_can_not_be_put_back_is_named(monkeypatch: pytest.MonkeyPatch):
    def refused(_: object) -> None:
        raise ValueError("not allowed to raise maximum limit")

    limits = "the limits of the process"
    monkeypatch.setitem(PROCESS, limits, (lambda: 64 if spoiled else 1024, refused))
    spoiled = False
    before, spoiled = Surroundings(), True
    with pytest.raises(BeyondRepair) as raised:
        before.put_back()
    assert raised.value.what == [limits]


def test_who_closes_descriptors_of_others_has_spoiled_the_process():
    before = Surroundings()
    assert before.whole
    os.close(before._others)
    assert not before.whole
    with pytest.raises(BeyondRepair, match="descriptors"):
        before.rescue()


@pytest.mark.process
def test_a_copy_of_the_process_that_a_source_has_left_is_ended():
    before, copy = Surroundings(), os.fork()
    if copy == 0:
        signal.pause()
    assert before.put_back() == ["the number of its processes"]
    with pytest.raises(ProcessLookupError):
        os.kill(copy, 0)


def test_a_folder_that_is_gone_is_no_reason_to_fail(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before, here = Surroundings(), tmp_path / "gone"
    here.mkdir()
    os.chdir(here)
    here.rmdir()
    assert before.put_back() == ["the working folder"]
    assert os.getcwd() == str(tmp_path)
