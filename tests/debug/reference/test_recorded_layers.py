"""Layers are recorded when they are asked for, once."""

import pytest
import torch

from debug.reference import recorded_layers
from debug.reference.recorded_layers import RecordedLayers
from debug.subject import Options
from examples.two_layers.subject import TwoLayers, open_subject


@pytest.fixture
def layers() -> RecordedLayers:
    return RecordedLayers(open_subject(Options()))


def test_a_layers_own_code_is_recorded_in_float64(layers: RecordedLayers):
    recording = layers.of("network")
    assert [step.name for step in recording.steps] == ["gelu"]
    assert set(recording.results) == set(recording.inputs) == {"grow", "shrink"}
    assert {value.dtype for value in recording.values} == {torch.float64}


def test_a_layer_is_recorded_once(layers: RecordedLayers):
    assert layers.of("grow") is layers.of("grow")
    assert layers.rounded("grow") is layers.rounded("grow")


def test_rounded_values_are_those_of_a_run_in_the_candidates_precision():
    subject: TwoLayers = open_subject(Options())
    layers = RecordedLayers(subject)
    recording, rounded = layers.of("network"), layers.rounded("network")
    assert recording.result is not None
    with torch.inference_mode():
        expected = subject.reference()(subject.inputs[0].reference)
    assert torch.equal(rounded[recording.result], expected)
    assert not torch.equal(rounded[recording.result], recording.values[recording.result])


def test_the_models_own_reference_stays_in_float32():
    subject: TwoLayers = open_subject(Options())
    layers = RecordedLayers(subject)
    layers.of("grow")
    assert layers.wide.get_submodule("grow").weight.dtype == torch.float64
    assert {p.dtype for p in subject.reference().parameters()} == {torch.float32}


def test_what_was_recorded_first_makes_room(
    layers: RecordedLayers, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(recorded_layers, "KEPT_BYTES", 0)
    first = layers.of("grow")
    layers.of("shrink")
    again = layers.of("grow")
    assert again is not first
    assert [step.name for step in again.steps] == [step.name for step in first.steps]
