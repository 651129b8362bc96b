import pytest
from fakes import MISSING, ROWS, compared, isolated, opened, probed, stats
from msgspec.structs import replace

from debug.protocol.diagnostic import Diagnostic
from debug.protocol.messages import (
    Compared,
    Explained,
    Failed,
    Idle,
    Isolated,
    Loaded,
    Stopped,
)
from debug.protocol.values import Cause, Divergence, Finding, Place
from debug.protocol.verdict import Verdict
from debug.results.run import Run
from debug.results.trend import Trend


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


def test_what_is_only_to_be_watched_is_no_culprit(run):
    watched = Divergence(Verdict.WATCH, ratio=6.0)
    run.apply(Compared(1, 1, None, watched, 0.0, False))
    run.apply(Isolated(1, 1, watched))
    assert run.verdict() is Verdict.WATCH
    assert (run.culprit(), run.faults(), run.watched()) == (None, [], [1])
    run.apply(compared(3, 90.0))
    assert run.culprit() == 3


def test_a_layer_that_is_compared_again_is_not_compared_with_itself(run):
    run.apply(compared(0, 90.0))
    run.apply(compared(1, 1.0))
    run.apply(compared(0, 1.0))
    assert run.trend(0) is None
    assert run.position == 1
    assert run.culprit() is None


def test_a_run_is_settled_once_the_engine_is_idle_and_until_more_is_computed(run):
    run.apply(compared(0, 300.0))
    run.apply(Stopped(1, 0, 0.1))
    assert not run.settled
    run.apply(Idle(1))
    assert run.settled
    run.apply(compared(1))
    assert not run.settled
    run.apply(Idle(1))
    run.apply(loaded(2))
    assert not run.settled


def names(run: Run, indices: list[int]) -> list[str]:
    return [run.layers[index].name for index in indices]


def test_a_layer_that_is_wrong_by_itself_is_told_from_one_that_is_fed_wrongly(run):
    for index, ratio in ((2, 1.0), (3, 50.0), (4, 40.0)):
        run.apply(compared(index, ratio))
    assert not run.wrong_in_isolation(3)  # nothing is known of it in isolation yet
    run.apply(isolated(3, 45.0))
    run.apply(isolated(4, 1.0))
    assert run.culprit() == 3
    assert run.wrong_in_isolation(3)
    assert not run.wrong_in_isolation(4)


def test_a_layer_of_a_right_run_is_no_culprit_for_it_takes_another_value_alone(run):
    for index in range(4):
        run.apply(compared(index, 3.0))
    run.apply(isolated(1, 1.0))
    run.apply(isolated(2, 90.0))
    assert (run.culprit(), run.faults()) == (None, [])
    assert run.not_alone(2)
    assert "can't be compared alone" in run.isolated(2).reason


def test_a_layer_that_looks_right_after_a_wrong_one_is_found_by_itself(run):
    for index, ratio in enumerate([1.0, 50.0, 3.0, 3.0]):
        run.apply(compared(index, ratio))
    run.apply(isolated(1, 50.0))
    run.apply(isolated(2, 90.0))
    assert (run.culprit(), run.faults()) == (1, [1, 2])


def not_alone(index: int) -> Isolated:
    reason = "can't be compared alone: it takes [4] where PyTorch's takes [6]"
    return Isolated(1, index, Divergence(Verdict.UNSEEN, reason=reason))


def test_where_a_layer_can_not_be_compared_alone_the_one_around_it_is_blamed(run):
    for index in range(2, 8):
        run.apply(compared(index, 50.0 if index >= 3 else 1.0))
        run.apply(isolated(index, 50.0 if index in (5, 7) else 1.0))
    run.apply(not_alone(3))
    assert names(run, run.faults()) == ["blocks.0.attn"]
    assert run.layers[run.culprit()].name == "blocks.0.attn"


def test_only_what_runs_before_a_layer_or_around_it_makes_its_input_wrong(run):
    for index in range(1, len(ROWS)):
        run.apply(compared(index, 99.0))
        run.apply(isolated(index, 99.0 if index in (2, 8, 11) else 1.0))
    for index in (2, 11):
        run.apply(Explained(1, index, [Finding("x", None, None, None, None, "")]))
    assert names(run, run.faults_before(3)) == ["blocks.0.norm", "model"]
    assert names(run, run.faults_before(7)) == ["model"]  # the norm is a part of it


def test_every_bug_is_a_fault_and_what_contains_it_is_not(run):
    for index in range(1, len(ROWS)):
        run.apply(compared(index, 99.0))
        wrong = ROWS[index][0] in (
            *("blocks.0.attn.key", "blocks.0.attn", "blocks.0"),
            *("blocks.1.norm", "blocks.1", "model"),
        )
        run.apply(isolated(index, 99.0 if wrong else 1.0))
    assert names(run, run.faults()) == ["blocks.0.attn.key", "blocks.1.norm"]


def test_a_block_whose_parts_are_right_is_at_fault_itself(run):
    run.apply(isolated(2, 1.0))
    run.apply(isolated(7, 99.0))
    assert names(run, run.faults()) == ["blocks.0"]


def test_a_result_of_another_shape_has_the_cause_that_the_layer_around_it_ends_with(run):
    attention, block = 5, 7
    line, cause = Place("/port.py", 7), Cause("padded behind only", 1.0, 0.8)
    silent = Finding("result of blocks.0.attn", None, "ops.pad", line, None, "")
    found = replace(silent, target="input of blocks.0.mlp", causes=[cause])
    for index in (attention, block):
        run.apply(compared(index, 99.0))
    shape = Divergence(
        Verdict.INVALID, reason="shape [1, 3] where the reference has [1, 4]"
    )
    run.apply(Isolated(1, attention, shape))
    run.apply(isolated(block, 99.0))
    run.apply(Explained(1, attention, [silent]))
    run.apply(Explained(1, block, [found]))
    assert (run.culprit(), run.faults()) == (attention, [attention])
    assert (run.findings(attention), run.findings(block)) == ([found], [])
    # A mistake at another line is another one.
    run.apply(Explained(1, block, [replace(found, place=Place("/port.py", 9))]))
    assert run.findings(attention) == [silent]
    assert run.faults() == [attention, block]


def test_what_a_layer_did_by_itself_before_a_save_is_not_held_against_it(run):
    run.apply(isolated(2, 99.0))
    run.apply(loaded(2))
    assert run.isolated(2) is None
    assert run.culprit() is None
    assert run.faults() == []


def test_results_of_an_earlier_generation_do_not_blame_a_later_one(run):
    run.apply(compared(0))
    run.apply(compared(1, ratio=99))
    run.apply(loaded(2))
    run.apply(compared(0, generation=2))
    assert run.culprit() is None
    assert run.current(1) is None
    assert run.results[1].generation == 1


@pytest.mark.parametrize(
    ("old", "new", "trend"),
    [
        (50, 1.5, Trend.BETTER),
        (1.5, 50, Trend.WORSE),
        (50, 20, Trend.BETTER),
        (20, 50, Trend.WORSE),
        (50, 50, Trend.SAME),
        (1.0, 3.0, Trend.SAME),
    ],
)
def test_a_save_makes_a_layer_better_or_worse_or_leaves_it(run, old, new, trend):
    run.apply(compared(0, old))
    run.apply(loaded(2))
    run.apply(compared(0, new, generation=2))
    assert run.trend(0) is trend


def test_a_layer_that_appears_is_better_and_one_that_vanishes_is_worse(run):
    missing = Compared(1, 0, None, MISSING, 0.0, False)
    run.apply(missing)
    run.apply(loaded(2))
    run.apply(compared(0, generation=2))
    assert run.trend(0) is Trend.BETTER
    run.apply(loaded(3))
    run.apply(Compared(3, 0, None, MISSING, 0.0, False))
    assert run.trend(0) is Trend.WORSE


def test_the_generations_of_another_engine_are_not_those_of_the_last(run):
    run.apply(compared(0, ratio=99))
    run.apply(opened())
    run.apply(loaded(1))
    assert run.culprit() is None
    assert run.current(0) is None
    assert run.results[0].chained.ratio == 99


def test_the_first_generation_is_compared_with_nothing(run):
    run.apply(compared(0))
    assert run.trend(0) is None


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


def test_probes_are_those_of_a_layer_in_this_generation(run):
    ours, other = probed(6, "blocks.0.attn.qk"), probed(7, "blocks.0.x")
    run.apply(ours)
    run.apply(other)
    assert run.probes(6) == [ours]
    run.apply(loaded(2))
    assert run.probes(6) == []


def test_a_wrong_probe_blames_no_layer(run):
    run.apply(compared(6))
    run.apply(probed(6, "blocks.0.attn.qk", 99.0))
    assert run.verdict() is Verdict.OK
    assert run.culprit() is None


def test_statistics_do_not_decide():
    run = Run()
    run.apply(opened())
    run.apply(loaded(1))
    odd = stats(mean=123.0)
    run.apply(Compared(1, 0, odd, compared(0).chained, 0.0, False))
    assert run.verdict() is Verdict.OK
