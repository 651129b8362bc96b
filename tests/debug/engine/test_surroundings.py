"""What a source changes of its process is put back before the next one."""

import gc
import os
import signal
import sys
from collections.abc import Callable

import pytest
import torch

from debug.engine.surroundings import PARTS, Surroundings

CHANGES: dict[str, Callable[[], object]] = {
    "the working folder": lambda: os.chdir("/"),
    "sys.path": sys.path.clear,
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


def test_a_folder_that_is_gone_is_no_reason_to_fail(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before, here = Surroundings(), tmp_path / "gone"
    here.mkdir()
    os.chdir(here)
    here.rmdir()
    assert before.put_back() == ["the working folder"]
    assert os.getcwd() == str(tmp_path)
