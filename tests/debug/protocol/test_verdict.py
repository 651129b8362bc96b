import pytest

from debug.protocol.verdict import CHANNEL, FRAME, HEAD, LAYER, Verdict, judge, overall


@pytest.mark.parametrize(
    ("ratio", "verdict"),
    [
        (0.0, Verdict.OK),
        (4.0, Verdict.OK),
        (4.01, Verdict.WATCH),
        (10.0, Verdict.WATCH),
        (10.01, Verdict.DIVERGED),
        (float("inf"), Verdict.DIVERGED),
        (float("nan"), Verdict.DIVERGED),
    ],
)
def test_a_ratio_is_judged_by_the_limits_of_the_design(ratio, verdict):
    assert judge(ratio) is verdict


def test_the_limits_are_those_of_the_design():
    assert (LAYER, FRAME, HEAD, CHANNEL) == ((4, 10), (10, 25), (10, 25), (60, 150))


def test_a_slice_is_judged_by_its_own_pair_of_limits():
    verdicts = [judge(60.0, limits) for limits in (LAYER, FRAME, HEAD, CHANNEL)]
    assert verdicts == [*[Verdict.DIVERGED] * 3, Verdict.OK]
    assert judge(150.0, CHANNEL) is Verdict.WATCH


def test_a_run_is_as_bad_as_its_worst_layer():
    assert overall([]) is Verdict.OK
    assert overall([Verdict.OK, Verdict.WATCH]) is Verdict.WATCH
    assert overall([Verdict.INVALID, Verdict.DIVERGED]) is Verdict.INVALID


def test_a_missing_layer_is_a_divergence_of_the_run():
    assert overall([Verdict.OK, Verdict.MISSING]) is Verdict.DIVERGED
    assert overall([Verdict.INVALID, Verdict.MISSING]) is Verdict.INVALID
