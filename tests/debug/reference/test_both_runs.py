"""Both runs of the reference, measured layer by layer."""

from pathlib import Path

import pytest
import torch

from debug.measure.divergence import compare
from debug.protocol.values import Place
from debug.protocol.verdict import FLOAT32_HALF_ULP
from debug.reference.both_runs import run_reference
from debug.subject import LayerName, Options, model_of
from examples.two_layers.subject import TwoLayers, open_subject


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
    assert error == pytest.approx(truth.isolated.rounding.total / truth.norms.total)
    assert truth.isolated.rounding.total < truth.rounding.total
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
