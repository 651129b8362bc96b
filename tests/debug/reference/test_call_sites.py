"""The lines of the reference's own source."""

import functools
import sys
from collections.abc import Callable

import torch
from torch import Tensor, nn

from debug.protocol.values import Place
from debug.reference.call_sites import reference_definition, reference_place


class Asked(nn.Module):
    """Asks where it is called from."""

    def __init__(self) -> None:
        super().__init__()
        self.places: list[Place] = []

    def forward(self, x: Tensor) -> Tensor:
        self.places.append(reference_place(sys._getframe(1)))
        return x


def test_torchs_own_lines_are_passed_over():
    asked = Asked()
    line = sys._getframe().f_lineno + 1
    nn.Sequential(asked)(torch.zeros(1))
    assert asked.places == [Place(__file__, line)]


def test_a_line_of_the_source_itself_is_its_own_place():
    line = sys._getframe().f_lineno + 1
    assert reference_place(sys._getframe()) == Place(__file__, line)


def wrapping(function: Callable) -> Callable:
    @functools.wraps(function)
    def wrapped(*args: object) -> object:
        return function(*args)

    return wrapped


class Wrapped(nn.Module):
    forward = wrapping(Asked.forward)


def test_a_definition_is_looked_for_behind_decorators():
    place = reference_definition(Wrapped())
    assert place == reference_definition(Asked())
    assert place is not None
    assert place.line == Asked.forward.__code__.co_firstlineno
