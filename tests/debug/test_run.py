import pytest
from fakes import MISSING, compared, opened, stats

from debug.diagnostic import Diagnostic
from debug.protocol import Compared, Failed, Loaded, Stopped
from debug.run import Change, Run
from debug.verdict import Verdict


def loaded(generation: int) -> Loaded:
    return Loaded(generation, {}, 0.1)


@pytest.fixture
def run() -> Run:
    run = Run()
    run.apply(opened())
    run.apply(loaded(1))
    return run


def test_the_culprit_is_the_first_layer_that_is_not_ok(run):
    for index, ratio in enumerate([1, 2, 30, 200]):
        run.apply(compared(index, ratio))
    assert run.culprit() == 2
    assert run.verdict() is Verdict.DIVERGED


def test_a_healthy_run_has_no_culprit(run):
    run.apply(compared(0))
    assert run.culprit() is None
    assert run.verdict() is Verdict.OK


def test_results_of_an_earlier_generation_do_not_blame_a_later_one(run):
    run.apply(compared(0))
    run.apply(compared(1, ratio=99))
    run.apply(loaded(2))
    run.apply(compared(0, generation=2))
    assert run.culprit() is None
    assert run.current(1) is None
    assert run.results[1].generation == 1


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        (50, 1.5, Change.BETTER),
        (1.5, 50, Change.WORSE),
        (50, 20, Change.BETTER),
        (20, 50, Change.WORSE),
        (50, 50, Change.SAME),
        (1.0, 3.0, Change.SAME),
    ],
)
def test_a_save_makes_a_layer_better_or_worse_or_leaves_it(run, old, new, change):
    run.apply(compared(0, old))
    run.apply(loaded(2))
    run.apply(compared(0, new, generation=2))
    assert run.change(0) is change


def test_a_layer_that_appears_is_better_and_one_that_vanishes_is_worse(run):
    missing = Compared(1, 0, None, MISSING, 0.0, False)
    run.apply(missing)
    run.apply(loaded(2))
    run.apply(compared(0, generation=2))
    assert run.change(0) is Change.BETTER
    run.apply(loaded(3))
    run.apply(Compared(3, 0, None, MISSING, 0.0, False))
    assert run.change(0) is Change.WORSE


def test_the_generations_of_another_engine_are_not_those_of_the_last(run):
    run.apply(compared(0, ratio=99))
    run.apply(opened())
    run.apply(loaded(1))
    assert run.culprit() is None
    assert run.current(0) is None
    assert run.results[0].chained.ratio == 99


def test_the_first_generation_is_compared_with_nothing(run):
    run.apply(compared(0))
    assert run.change(0) is None


def test_a_bad_save_makes_the_results_stale_and_keeps_them(run):
    run.apply(compared(0))
    run.apply(Failed(Diagnostic("graph", "no"), fatal=False))
    assert run.stale is not None
    assert run.current(0) is not None
    run.apply(loaded(2))
    assert run.stale is None


def test_the_position_is_where_the_engine_stopped(run):
    run.apply(compared(0))
    assert run.position == 0
    run.apply(Stopped(1, 0, 2.5))
    assert (run.position, run.seconds) == (0, 2.5)


def test_statistics_do_not_decide():
    run = Run()
    run.apply(opened())
    run.apply(loaded(1))
    odd = stats(mean=123.0)
    run.apply(Compared(1, 0, odd, compared(0).chained, 0.0, False))
    assert run.verdict() is Verdict.OK
