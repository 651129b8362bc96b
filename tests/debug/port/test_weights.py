"""The port's weights: which value each has, and what is said where it has none."""

import pytest
import torch

from debug.port.weights import fitting
from debug.protocol.diagnostic import Problem
from debug.protocol.values import Place

MATRIX = torch.ones(4, 6)


def said_of(declared: dict[str, tuple[int, ...]], **given: torch.Tensor) -> str:
    def place(name: str) -> Place:
        return Place("/folder/port.py", len(name))

    with pytest.raises(Problem) as raised:
        fitting(declared, given, place)
    return str(raised.value)


def test_a_weight_is_found_whatever_its_case_and_underscores():
    found = fitting({"FirstLayer": (4, 6)}, {"first_layer": MATRIX})
    assert found["FirstLayer"] is MATRIX


def test_a_weight_in_another_layout_is_to_be_brought_into_it():
    assert said_of({"a": (6, 4)}, a=MATRIX) == (
        "port.py:1: the port declares a as [6, 4], its value is [4, 6]; "
        "bring it into that layout with weights="
    )


def test_a_weight_of_another_size_is_one_that_no_layout_brings_into_it():
    assert said_of({"a": (4, 4)}, a=MATRIX) == (
        "port.py:1: the port declares a as [4, 4], its value is [4, 6]: "
        "no layout makes 16 numbers and 24 the same, so it is made for another size"
    )


def test_how_many_more_do_not_fit_is_said_and_not_which():
    declared = {"a": (4, 4), "bb": (3,), "c": (4, 6)}
    message = said_of(declared, a=MATRIX, c=MATRIX)
    assert message.endswith("(and so it is with 1 more)")
    message = said_of({"bb": (4, 6)}, c=MATRIX)
    assert message == (
        "port.py:2: MAX's weight bb has no value; give it in weights= "
        "(the reference's c has its shape)"
    )
