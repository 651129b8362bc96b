"""The module between PyTorch and MAX, around a model that returns its input."""

from pathlib import Path
from typing import Any, cast

import pytest
import torch
from max.driver import CPU, Buffer
from max.dtype import DType
from max.engine import CompiledModel, Model

from core.backends.artifact import Compiled
from core.backends.max_encoder import MaxEncoder
from debug.protocol.diagnostic import Problem


class Echo:
    def __init__(self) -> None:
        self.given: list[Buffer] = []

    def execute(self, x: Buffer) -> list[Buffer]:
        self.given.append(x)
        return [x]


class Broken:
    def execute(self, x: Buffer) -> list[Buffer]:
        raise ValueError("no kernel for this")


def encoder(model: Any, dtype: DType = DType.float32) -> MaxEncoder:
    compiled = Compiled(cast(CompiledModel, None), Path(), 0.0, now=False)
    return MaxEncoder(cast(Model, model), dtype, CPU(), compiled)


def test_memory_is_shared_and_not_copied_on_the_way_there_and_back():
    mel = torch.randn(1, 80, 3000)
    features = encoder(Echo())(mel)
    assert features.data_ptr() == mel.data_ptr()


def test_a_batch_goes_through_one_by_one_and_comes_back_in_order():
    mel, echo = torch.randn(3, 8, 4), Echo()
    assert torch.equal(encoder(echo)(mel), mel)
    assert [tuple(given.shape) for given in echo.given] == [(1, 8, 4)] * 3


def test_the_graph_gets_its_own_precision_and_the_decoder_keeps_its_own():
    mel, echo = torch.randn(1, 8, 4).half(), Echo()
    features = encoder(echo)(mel)
    assert echo.given[0].dtype == DType.float32
    assert features.dtype == torch.float16


def test_a_slice_of_a_spectrogram_is_made_contiguous():
    mel = torch.randn(1, 8, 6)[:, :, 1:5]
    assert torch.equal(encoder(Echo())(mel), mel)


def test_what_max_refuses_is_a_problem_and_nothing_stands_in():
    with pytest.raises(Problem, match="MAX can't run the encoder: ValueError: no kernel"):
        encoder(Broken())(torch.randn(1, 8, 4))
