"""Where the numbers are written that a module computes with; nothing is run."""

from typing import Any

import pytest
from max import nn
from max.driver import CPU
from max.dtype import DType
from max.graph import DeviceRef

from debug.candidate.module_tree import construct
from debug.candidate.written_numbers import WrittenNumbers
from debug.protocol.values import Place, Said

HERE = DeviceRef.CPU()


class Scaled(nn.Module):
    def __init__(self, factor: float, slope: float) -> None:
        super().__init__()
        self.factor = factor
        self.slope = 2 * slope
        self.size = 4

    def __call__(self, x: Any) -> Any:
        return x * self.factor * self.slope * 0.35 + self.size  # used


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(
            4,
            devices=[HERE],
            dtype=DType.float32,
            eps=1e-3,
        )
        self.scaled = Scaled(factor=0.75, slope=0.15)
        self.gain = 0.45
        self.blocks = nn.LayerList([Scaled(0.35, slope=0.15), Scaled(0.25, slope=0.15)])

    def __call__(self, x: Any) -> Any:
        return self.scaled(self.norm(x))  # calls


def line_of(text: str) -> int:
    with open(__file__) as source:
        return next(n for n, line in enumerate(source, 1) if text in line)


def told(layer: str, about: str | None, number: Said, calls: bool = False) -> str | None:
    """The line that is told, if it is another than the one that is used."""
    names = {
        "norm": "norm",
        "scaled": "scaled",
        "last": "blocks.1",
        "first": "blocks.0",
        "model": "",
    }
    written = WrittenNumbers(construct(Network, CPU(), DType.float32), names)
    used = Place(__file__, line_of("# calls" if calls else "# used"))
    place = written.place_of(layer, about, number, used, calls)
    if place is None:
        return None
    with open(place.path) as source:
        return source.read().splitlines()[place.line - 1].strip()


def test_the_number_of_maxs_own_module_is_where_that_is_made():
    assert told("norm", "epsilon", 1e-3, calls=True) == "eps=1e-3,"


def test_what_is_no_number_is_at_the_keyword_that_says_it():
    assert told("norm", "devices", "two", calls=True) == "devices=[HERE],"
    assert told("norm", "another", "axis", calls=True) == "self.norm = nn.LayerNorm("


def test_an_operation_that_is_no_call_of_the_layer_is_left_where_it_is():
    assert told("norm", "epsilon", 1e-3) is None


def test_a_number_that_a_module_is_given_is_where_the_module_is_made():
    assert told("scaled", "factor", 0.75) == (
        "self.scaled = Scaled(factor=0.75, slope=0.15)"
    )


def test_a_number_that_a_module_makes_itself_is_where_it_does():
    assert told("scaled", "factor", 0.3) == "self.slope = 2 * slope"


def test_a_fitted_number_need_not_be_exact():
    assert told("scaled", "factor", 0.30001) == "self.slope = 2 * slope"
    assert told("scaled", "factor", 0.31) is None


def test_the_modules_of_a_list_are_made_where_the_list_is():
    assert str(told("last", "factor", 0.25)).startswith("self.blocks = nn.LayerList(")


@pytest.mark.parametrize("number", [4.0, 4, None, "size"])
def test_whole_numbers_and_names_are_held_by_too_many(number: Said):
    assert told("scaled", "factor", number) is None


def test_a_number_that_stands_where_it_is_used_is_to_be_mended_there():
    assert told("first", "factor", 0.35) is None


def test_the_model_itself_holds_numbers_too():
    assert told("model", "factor", 0.45) == "self.gain = 0.45"


def test_a_layer_without_a_module_writes_no_number():
    assert told("elsewhere", "factor", 0.75) is None
