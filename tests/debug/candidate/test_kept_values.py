"""What is kept of the candidate is bounded, and what is dropped is computed again."""

from pathlib import Path

import pytest
import torch
from max.driver import CPU, Buffer
from max.dtype import DType

from debug.candidate import kernels
from debug.candidate.interpreter import Interpreter
from debug.candidate.kept_values import KeptValues
from debug.candidate.source import load_source
from debug.candidate.trace import build
from examples.two_layers.subject import TwoLayers

pytestmark = pytest.mark.max


@pytest.fixture(scope="module", autouse=True)
def warm() -> None:
    """Without that MAX compiles each kernel by itself when it first meets it."""
    kernels.warm(DType.float32, CPU(), print)


def buffer() -> Buffer:
    return Buffer.from_dlpack(torch.zeros(256))  # 1 KiB


def test_what_came_first_goes_first_and_what_is_spared_goes_last():
    kept = KeptValues()
    kept.room = 2048
    for digest in ("block 0", "part of 0", "block 1", "part of 1"):
        kept.put(digest, buffer())
    kept.make_room({"block 0", "block 1"})
    assert list(kept) == ["block 0", "block 1"]
    kept.room = 1024
    kept.make_room({"block 0", "block 1"})
    assert list(kept) == ["block 1"]


def test_a_layer_whose_value_was_dropped_has_the_same_value_again(toy_graph: Path):
    subject, interpreter = TwoLayers(toy_graph), Interpreter(print)
    traced = build(subject, load_source(toy_graph), subject.layers, True)[1]
    values = interpreter.load(traced, {})
    first = {name: value.value().clone() for name, value in values.items()}
    interpreter.kept.room = 0
    for _ in range(2):
        for name, value in values.items():
            assert torch.equal(value.value(), first[name])
            assert sum(each.num_elements for each in interpreter.kept.values()) == 0
    program = interpreter.program
    assert program is not None
    assert {key for key in program._slots if key not in program._given} == set()
