"""What a source changes of its process is put back before the next one."""

import gc
import os
import signal
import sys
from collections.abc import Callable

import pytest
import torch

from debug.engine.surroundings import PARTS, BeyondRepair, Surroundings

CHANGES: dict[str, Callable[[], object]] = {
    "the working folder": lambda: os.chdir("/"),
    "sys.path": sys.path.clear,
    "the environment": os.environ.clear,
    "the mask of new files": lambda: os.umask(0o777),
    "which signals are blocked": lambda: signal.pthread_sigmask(0, {signal.SIGTERM}),
    "descriptor 0": lambda: os.close(0),
    "what signals do": lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN),
    "the recursion limit": lambda: sys.setrecursionlimit(5000),
    "the collection of garbage": gc.disable,
    "PyTorch's default dtype": lambda: torch.set_default_dtype(torch.float64),
    "PyTorch's gradients": lambda: torch.set_grad_enabled(False),
    "PyTorch's deterministic mode": lambda: torch.use_deterministic_algorithms(True),
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


def test_what_can_not_be_put_back_is_named(monkeypatch: pytest.MonkeyPatch):
    def refused(_: object) -> None:
        raise ValueError("not allowed to raise maximum limit")

    limits = "the limits of the process"
    monkeypatch.setitem(PARTS, limits, (lambda: 64 if spoiled else 1024, refused))
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
