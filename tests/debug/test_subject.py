"""What the debugger asks of a model, on the toy."""

import pytest

from debug.protocol.diagnostic import Problem
from debug.protocol.values import Outcome
from debug.subject import (
    HasOutcome,
    LayerName,
    Options,
    arguments_of,
    load_subject,
    model_of,
)
from examples.two_layers import FACTORY
from examples.two_layers.subject import TwoLayers


class WithOutcome(TwoLayers):
    def outcome(self, reference: object, candidate: object, pause: object) -> Outcome:
        raise NotImplementedError


def toy(subject: type[TwoLayers]) -> TwoLayers:
    return subject.__new__(subject)


def test_the_model_is_the_layer_that_is_part_of_no_other_wherever_it_stands():
    layers = [LayerName("a", parent="m"), LayerName("m"), LayerName("b", parent="a")]
    assert model_of(layers).name == "m"
    assert [layer.is_model for layer in layers] == [False, True, False]


def test_a_subject_is_opened_by_the_name_of_its_factory(tmp_path):
    subject = load_subject(FACTORY, Options({"graph": tmp_path / "port.py"}))
    assert subject.title == "two layers"
    assert subject.graph == tmp_path / "port.py"
    assert [each.name for each in arguments_of(subject)] == ["noise"]


@pytest.mark.parametrize(
    "factory", ["nowhere:open", "examples.two_layers.subject:nothing", "examples"]
)
def test_a_factory_that_does_not_exist_is_a_problem_that_says_how_to_give_one(factory):
    with pytest.raises(Problem, match=r"give it as package\.module:function") as raised:
        load_subject(factory, Options())
    assert raised.value.diagnostic.kind == "model"
    assert factory in str(raised.value)


def test_only_what_says_what_its_result_is_for_has_an_outcome():
    assert isinstance(toy(WithOutcome), HasOutcome)
    assert not isinstance(toy(TwoLayers), HasOutcome)


def test_an_option_that_nobody_gave_is_its_default():
    options = Options({"start": "1.5", "model": 3, "graph": None})
    assert options.number("start", 0.0) == 1.5
    assert options.text("model", "tiny") == "3"
    assert options.text("graph", "port.py") == "port.py"
    assert options.number("end", 2.0) == 2.0
