"""Both runs of the reference, measured layer by layer."""

from collections import OrderedDict
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from debug.measure.divergence import compare
from debug.measure.products import Operands, Products
from debug.protocol.values import Place
from debug.protocol.verdict import FLOAT32_HALF_ULP
from debug.reference.both_runs import run_reference
from debug.subject import LayerName, Options, model_of
from examples.two_layers.reference import HIDDEN, WIDTH
from examples.two_layers.subject import GRAPH, TwoLayers, open_subject


class Norm(nn.LayerNorm):
    """Keeps its weights in float32 and widens what it takes, as openai's does."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x.float()).type(x.dtype)


class Cast(nn.Linear):
    """Casts its weights to what it takes, as openai's does."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        assert self.bias is not None
        return F.linear(x, self.weight.to(x.dtype), self.bias.to(x.dtype))


class Normed(TwoLayers):
    """A product, and a norm after it; casts its weights itself."""

    casts_weights = True
    layers = (
        LayerName("grow", None, "network"),
        LayerName("norm", None, "network"),
        LayerName("network"),
    )

    def __init__(self) -> None:
        super().__init__(GRAPH)
        parts = {"grow": Cast(WIDTH, HIDDEN), "norm": Norm(HIDDEN)}
        self._network = nn.Sequential(OrderedDict(parts))


@pytest.fixture
def subject() -> TwoLayers:
    return open_subject(Options())


def test_every_input_and_layer_has_a_truth_in_order(subject):
    truths = run_reference(subject, "float32")
    assert list(truths) == ["noise", "grow", "shrink", "network"]
    assert all(truth.exact.dtype == torch.float64 for truth in truths.values())


def test_the_floor_is_the_rounding_of_float32(subject):
    truths = run_reference(subject, "float32")
    for name in ("grow", "shrink", "network"):
        assert FLOAT32_HALF_ULP <= truths[name].floor < 1e-6


def test_the_floor_of_half_precision_is_higher(subject):
    truth = run_reference(subject, "bfloat16")["grow"]
    assert truth.floor > 1e-4
    assert truth.stats.dtype == "bfloat16"
    assert {p.dtype for p in subject.reference().parameters()} == {torch.float32}


def test_a_layer_by_itself_is_fed_what_the_float64_run_feeds_it(subject):
    truths = run_reference(subject, "float32")
    isolated = truths["shrink"].isolated
    assert isolated is not None
    hidden = torch.nn.functional.gelu(truths["grow"].exact)
    assert torch.equal(isolated.argument, hidden.float())


def test_a_layer_by_itself_rounds_less_than_after_all_that_piled_up_before(subject):
    truth = run_reference(subject, "float32")["shrink"]
    assert truth.isolated is not None
    with torch.inference_mode():
        rounded = subject.reference().get_submodule("shrink")(truth.isolated.argument)
    error = compare(rounded, truth.when_isolated, "float32")[1].rel_l2
    assert error is not None
    assert 0 < error < truth.rounding.total / truth.norms.total
    assert truth.when_isolated.floor == truth.floor


def test_hooks_are_gone_after_a_run(subject):
    run_reference(subject, "float32")
    modules = subject.reference().modules()
    assert all(not module._forward_hooks for module in modules)


def test_the_layer_that_is_part_of_no_other_is_the_model(subject):
    truths = run_reference(subject, "float32")
    assert torch.equal(truths["network"].exact, truths["shrink"].exact)
    assert model_of(subject.layers) == LayerName("network")


def test_every_layer_has_the_line_that_calls_it_and_the_model_its_definition(subject):
    truths = run_reference(subject, "float32")
    assert truths["noise"].place is None
    lines = {name: line_at(truth.place) for name, truth in truths.items() if truth.place}
    assert lines.keys() == {"grow", "shrink", "network"}
    assert "self.grow(x)" in lines["grow"]
    assert "self.shrink(" in lines["shrink"]
    assert "def forward" in lines["network"]


def line_at(place: Place) -> str:
    return Path(place.path).read_text().splitlines()[place.line - 1]


def test_where_products_are_coarse_a_layer_alone_inherits_nothing_of_them():
    subject = Normed()
    exact = run_reference(subject, "float32")
    tf32 = run_reference(subject, "float32", Products(matrices=Operands.ROUNDED))
    norm = tf32["norm"]
    assert norm.floor > 100 * exact["norm"].floor
    assert norm.when_isolated.floor == pytest.approx(exact["norm"].when_isolated.floor)
    assert tf32["grow"].when_isolated.floor == tf32["grow"].floor


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_a_reference_that_casts_its_weights_runs_in_half_precision(dtype: str):
    truths = run_reference(Normed(), dtype)
    assert {truths[name].stats.dtype for name in ("grow", "norm", "network")} == {dtype}
    assert 1e-4 < truths["norm"].when_isolated.floor < 1e-2
