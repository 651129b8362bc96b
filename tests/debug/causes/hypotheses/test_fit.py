"""Where an error is, and what is said of a fit."""

import torch
from recordings import numbers

from debug.causes.hypotheses.axes import Axis, unnamed
from debug.causes.hypotheses.fit import Fit, Sample, Support, supports

FRAMES, WIDTH = 10, 6
RIGHT = numbers(FRAMES, WIDTH) + 1


def test_a_fit_is_said_of_a_value_or_of_several_slices():
    fit = Fit("{it} is multiplied by 2", lambda r: 2 * r)
    assert fit.about("qk") == "qk is multiplied by 2"
    assert fit.about("the scores") == "the scores are multiplied by 2"
    assert fit.about("heads 1 and 2 of qk", many=True).startswith("heads 1 and 2 of qk are")


def test_a_sample_tells_what_was_done_from_what_was_not():
    right = numbers(300, 300)
    sample = Sample(right.clamp(max=0.5), right)
    assert sample.likely(lambda r: r.clamp(max=0.5))
    assert not sample.likely(lambda r: r.clamp(max=0.1))


def test_an_error_in_few_slices_is_found_where_it_is():
    wrong = RIGHT.clone()
    wrong[[3, 7]] += 1
    (support,) = supports(wrong, RIGHT, 1e-9)
    assert (support.axis, support.indices) == (0, [3, 7])
    assert support.said([Axis(0, "frame"), Axis(1)]) == "frames 3, 7"


def test_an_error_everywhere_is_in_no_few_slices():
    assert supports(RIGHT + 1, RIGHT, 1e-9) == []


def test_the_narrowest_place_of_an_error_is_first():
    wrong = RIGHT.clone()
    wrong[3, 2] += 1
    assert [s.key for s in supports(wrong, RIGHT, 1e-9)] == [(0, 3), (1, 2)]


def test_many_slices_are_not_listed_in_full():
    assert Support(0, [1, 2, 4, 5, 9]).said(unnamed(1)) == "1, 2, 4, 5, ... of axis 0"


def test_a_blend_is_wrong_in_its_slices_only():
    wrong = -RIGHT
    blended = Support(1, [2]).blend(RIGHT, wrong)
    assert torch.equal(blended[:, 2], wrong[:, 2])
    others = [n for n in range(WIDTH) if n != 2]
    assert torch.equal(blended[:, others], RIGHT[:, others])
