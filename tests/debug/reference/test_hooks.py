from pathlib import Path

import pytest
import torch

from debug.protocol.values import Place
from debug.reference.call_sites import reference_definition
from debug.reference.hooks import StayInFloat64, hooked, narrowed
from debug.subject import LayerName, Options
from examples.two_layers.subject import TwoLayers, open_subject


@pytest.fixture
def subject() -> TwoLayers:
    return open_subject(Options())


def test_a_reference_that_casts_its_own_weights_keeps_them(subject):
    class Casting(TwoLayers):
        casts_weights = True

    casting, module = Casting(subject.graph), subject.reference()
    assert narrowed(casting, module, torch.float16) is module
    assert narrowed(subject, module, torch.float16) is not module
    assert narrowed(subject, module, torch.float32) is module


class Guarded(torch.nn.Module):
    """Widens half precision as openai's layer norm does."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x.float() * 3).type(x.dtype)


def test_float64_stays_float64_where_a_model_guards_half_precision():
    x = torch.tensor([0.1], dtype=torch.float64)
    with StayInFloat64():
        inside = Guarded()(x)
    assert inside.item() == (x * 3).item()
    assert Guarded()(x).item() != (x * 3).item()


def test_half_precision_is_still_widened_beside_float64():
    with StayInFloat64():
        assert torch.ones(1, dtype=torch.float16).float().dtype == torch.float32


def line_at(place: Place) -> str:
    return Path(place.path).read_text().splitlines()[place.line - 1]


class Two(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.both = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Linear(2, 2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.both(x)


def test_a_layer_that_torch_calls_has_the_line_that_made_torch_call_it():
    places = []
    names = [LayerName("both.0", parent="model"), LayerName("model")]
    module = Two()
    with hooked(module, names, lambda _, call: places.append(call.place)):
        module(torch.zeros(1, 2))
    inner, outer = map(line_at, places)
    assert "return self.both(x)" in inner
    assert "module(torch.zeros(1, 2))" in outer


def test_a_model_that_torch_defines_has_no_definition_of_its_own():
    assert reference_definition(torch.nn.Sequential()) is None
