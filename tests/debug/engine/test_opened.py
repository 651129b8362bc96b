"""What a screen is told before the candidate is built."""

from pathlib import Path

import pytest

from debug.engine.opened import opened
from debug.measure.truth import Truth
from debug.protocol.messages import Opened
from debug.protocol.values import Mode
from debug.reference.both_runs import run_reference
from examples.two_layers.subject import TwoLayers

GRAPH = Path("port.py")


@pytest.fixture(scope="module")
def subject() -> TwoLayers:
    return TwoLayers(GRAPH)


@pytest.fixture(scope="module")
def truths(subject: TwoLayers) -> dict[str, Truth]:
    return run_reference(subject, "float32")


@pytest.fixture(scope="module")
def event(subject: TwoLayers, truths: dict[str, Truth]) -> Opened:
    return opened(subject, truths, Mode.COMPILE, 1.5, 0.5)


def test_every_layer_is_named_with_what_it_is_part_of_and_inputs_are_the_models(event):
    assert [(each.name, each.parent, each.is_input) for each in event.layers] == [
        ("noise", "network", True),
        ("grow", "network", False),
        ("shrink", "network", False),
        ("network", None, False),
    ]


def test_every_layer_has_the_references_numbers_and_line(event, truths):
    for each in event.layers:
        truth = truths[each.name]
        assert (each.reference, each.floor) == (truth.stats, truth.floor)
        assert each.place == truth.place
    assert event.layers[0].place is None
    assert event.layers[1].place is not None


def test_the_subject_is_named_with_where_and_how_it_runs(event):
    assert (event.model, event.audio, event.graph) == ("two layers", "noise", "port.py")
    assert (event.device, event.dtype, event.mode) == ("cpu", "float32", Mode.COMPILE)
    assert (event.seconds_load, event.seconds_reference) == (1.5, 0.5)
