"""Another value or weight that was added, or multiplied with."""

import torch
from recordings import numbers

from debug.causes.hypotheses.added import added_values, vectors
from debug.causes.hypotheses.axes import Axis, unnamed

FRAMES, WIDTH = 12, 8
RIGHT, OTHER = numbers(FRAMES, WIDTH), numbers(FRAMES, WIDTH, seed=7)
WEIGHTS = {"norm.bias": numbers(WIDTH, seed=3), "query.bias": numbers(WIDTH, seed=4)}


def test_another_value_that_is_added_is_named_with_its_factor():
    for factor, text in (
        (1, "y is added to x"),
        (-1, "y is subtracted from x"),
        (0.5, "0.5 times y is added to x"),
    ):
        (fit,) = added_values(RIGHT + factor * OTHER, RIGHT, {"y": OTHER})
        assert fit.about("x") == text
        assert torch.allclose(fit.transform(RIGHT), RIGHT + factor * OTHER)


def test_a_value_that_was_not_added_is_not_named():
    wrong = RIGHT + numbers(FRAMES, WIDTH, seed=9)
    assert list(added_values(wrong, RIGHT, {"y": OTHER})) == []


def test_a_weight_that_is_added_to_all_rows_is_named():
    wrong = RIGHT + WEIGHTS["query.bias"]
    (fit,) = vectors(wrong, RIGHT, WEIGHTS, unnamed(2))
    assert fit.about("k") == "query.bias is added to k"
    assert not fit.vague


def test_a_weight_in_the_layout_of_heads_is_named():
    wrong = RIGHT.reshape(FRAMES, 2, 4).transpose(0, 1)
    bias = WEIGHTS["query.bias"].reshape(2, 1, 4)
    (fit,) = vectors(wrong + bias, wrong, WEIGHTS, unnamed(2))
    assert fit.about("k") == "query.bias is added to k"


def test_a_weight_that_is_added_twice_more_is_named_with_its_factor():
    (fit,) = vectors(RIGHT + 2 * WEIGHTS["norm.bias"], RIGHT, WEIGHTS, unnamed(2))
    assert fit.about("y") == "2 times norm.bias is added to y"


def test_a_vector_that_is_no_weight_is_a_vague_answer():
    (fit,) = vectors(RIGHT * numbers(WIDTH, seed=11), RIGHT, WEIGHTS, unnamed(2))
    assert (fit.about("x"), fit.vague) == (
        "one vector is multiplied with all rows of x",
        True,
    )


def test_a_multiple_of_the_value_itself_is_a_factor_and_not_said_to_be_added():
    scaled = 0.125 * RIGHT
    assert list(added_values(1.01 * RIGHT, RIGHT, {"y": scaled})) == []


def test_what_is_added_is_a_vector_only_if_it_is_the_same_for_every_row():
    scores = numbers(2, 3, FRAMES, FRAMES)
    axes = [Axis(0, "window"), Axis(1, "head"), Axis(2, "query"), Axis(3, "key")]
    of_windows = numbers(2, 1, FRAMES, FRAMES, seed=12)
    (fit,) = vectors(scores + of_windows, scores, {}, axes)
    assert fit.about("qk") == "the same numbers are added to qk for every head"
    of_keys = numbers(FRAMES, seed=13)
    (fit,) = vectors(scores + of_keys, scores, {}, axes)
    assert fit.about("qk") == "one vector is added to all rows of qk"
