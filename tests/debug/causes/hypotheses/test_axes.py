"""What the axes of a value are called."""

import pytest
import torch

from debug.causes.hypotheses.axes import Axis, axes_of, unnamed

FRAMES, WIDTH, HEADS = 12, 8, 2


@pytest.mark.parametrize(
    ("shape", "names"),
    [
        ((WIDTH,), ["channel"]),
        ((FRAMES, WIDTH), ["frame", "channel"]),
        ((1, FRAMES, WIDTH), ["frame", "channel"]),
        ((2, FRAMES, WIDTH), ["batch", "frame", "channel"]),
        ((1, WIDTH, FRAMES), ["channel", "frame"]),
        ((1, HEADS, FRAMES, WIDTH), ["head", "frame", "channel"]),
        ((1, FRAMES, HEADS, WIDTH), ["frame", "head", "channel"]),
        ((1, HEADS, WIDTH, FRAMES), ["head", "channel", "frame"]),
        ((1, HEADS, FRAMES, FRAMES), ["head", "query", "key"]),
        ((1, 3, 5, 7), [None, None, None]),
    ],
)
def test_axes_are_known_by_their_sizes(shape: tuple[int, ...], names: list[str | None]):
    found = axes_of(torch.zeros(shape), FRAMES, "frame")
    assert [axis.name for axis in found] == names
    assert [axis.number for axis in found] == list(range(len(names)))


@pytest.mark.parametrize(
    ("places", "text"),
    [
        ([3], "head 3"),
        ([3, 4, 5], "heads 3 to 5"),
        ([1, 3], "heads 1, 3"),
        ([0, 2, 4, 6, 8], "heads 0, 2, 4, 6, ..."),
    ],
)
def test_places_of_an_axis_are_said_as_a_person_would(places: list[int], text: str):
    assert Axis(0, "head").at(places) == text


def test_an_axis_without_a_name_goes_by_its_number():
    assert unnamed(2)[1].at([4]) == "4 of axis 1"
    assert Axis(0, "query").all == "the queries of {it} are"
