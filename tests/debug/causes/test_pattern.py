"""What an error looks like is said, where it is and which shape it has."""

import torch
from recordings import numbers, segment_of
from torch import Tensor

from debug.causes.hypotheses.axes import Axis
from debug.causes.pattern import described, pattern_of

VALUE = numbers(12, 8)
AXES = [Axis(0, "frame"), Axis(1, "channel")]
SCORES = numbers(2, 6, 6)
SCORE_AXES = [Axis(0, "head"), Axis(1, "query"), Axis(2, "key")]
LIMIT = 1e-6


def said(error: Tensor, right: Tensor = VALUE, axes: list[Axis] = AXES) -> str:
    return described(right + error, right, LIMIT, axes)


def only(*where: slice | int, of: Tensor = VALUE) -> Tensor:
    error = torch.zeros_like(of)
    error[where] = numbers(*error[where].shape, seed=1)
    return error


def test_frames_alone_are_named():
    assert said(only(slice(3, 6))).startswith("is in frames 3 to 5 alone")


def test_half_of_the_frames_are_named_where_they_are_at_an_end():
    assert said(only(slice(4, 12))).startswith("is in frames 4 to 11 alone")


def test_every_second_channel_is_named_from_its_first():
    error = only(slice(None), slice(1, None, 2))
    assert said(error).startswith("is in every second channel from 1 on alone")


def test_a_head_and_a_frame_are_named_together():
    error = only(1, 2, of=SCORES)
    assert said(error, SCORES, SCORE_AXES).startswith("is in head 1 and in query 2 alone")


def test_a_triangle_is_named_by_what_a_mask_would_leave():
    error = numbers(2, 6, 6, seed=1).triu(1)
    text = said(error, SCORES, SCORE_AXES)
    assert "at keys after their query alone" in text
    assert "before" in said(error.mT, SCORES, SCORE_AXES)


def test_a_vector_that_was_added_is_the_same_for_every_frame():
    assert said(numbers(8, seed=1).expand(12, 8)) == "is nearly the same for every frame"


def test_an_error_of_low_rank_is_called_that():
    error = numbers(12, 2, seed=1) @ numbers(2, 8, seed=2)
    assert said(error) == "is of rank 2"


def test_a_multiple_is_told_with_its_factor():
    assert said(0.25 * VALUE) == "is about 0.25 times the value itself"


def test_what_has_no_pattern_is_said_to_be_everywhere():
    assert said(numbers(12, 8, seed=1)) == (
        "is spread over all frames and channels, and is no multiple of the value"
    )


def test_rounding_has_no_pattern():
    assert said(numbers(12, 8, seed=1) * 1e-9) == ""


def test_the_first_value_that_is_otherwise_is_described():
    """And not the end, into which everything is mixed."""

    def right(layer, x: Tensor) -> Tensor:
        scores = x @ layer.weight
        return torch.softmax(scores, -1) @ layer.out

    def wrong(layer, x: Tensor) -> Tensor:
        scores = torch.cat([x[:2], torch.cosh(x[2:3]), x[3:]]) @ layer.weight
        return torch.softmax(scores, -1) @ layer.out

    weights = {"weight": numbers(8, 4, seed=2), "out": numbers(4, 4, seed=3)}
    segment = segment_of(right, wrong, numbers(6, 8), **weights)
    assert pattern_of(segment).startswith("the error of scores is in frame 2 alone")
