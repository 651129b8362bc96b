"""Where the marks of a report's chart are."""

import pytest
from broken_runs import ATTENTION, NAMES, explained, run_with

from debug.protocol.messages import Compared, Loaded
from debug.protocol.values import Divergence
from debug.protocol.verdict import Verdict
from debug.results.run import Run
from tui.report.chart import LINES, chart_of


def with_error(error: float | None, verdict: Verdict = Verdict.DIVERGED) -> Run:
    run = run_with()
    run.apply(Compared(1, ATTENTION, None, Divergence(verdict, rel_l2=error), 0.0, False))
    return run


def test_a_larger_error_stands_higher_in_steps_of_decades():
    chart = chart_of(explained())
    heights = {line.label: line.y for line in chart.decades}
    assert heights["1e-4"] < heights["1e-5"] < heights["1e-6"]
    step = heights["1e-5"] - heights["1e-4"]
    assert heights["1e-6"] - heights["1e-5"] == pytest.approx(step, abs=0.2)
    wrong = chart.chained[ATTENTION]
    assert wrong.is_wrong
    assert heights["1e-4"] < wrong.y < heights["1e-5"]
    assert all(mark.y > wrong.y for mark in chart.chained if mark != wrong)


def test_marks_go_from_left_to_right_in_order_of_computation():
    chart = chart_of(run_with())
    across = [mark.x for mark in chart.chained]
    assert across == sorted(across)
    assert (across[0], across[-1]) == (chart.left, chart.right)
    assert (chart.first, chart.last) == (NAMES[0], NAMES[-1])


def test_isolated_errors_have_marks_of_their_own_and_inputs_none():
    chart = chart_of(explained())
    assert len(chart.isolated) == len(NAMES) - 1
    assert [mark.title for mark in chart.isolated if mark.is_wrong] == [
        "blocks.0.attn: isolated 8.4e-5"
    ]
    assert chart.culprit == chart.chained[ATTENTION]


@pytest.mark.parametrize("error", [None, 0.0, 1e-300, 1e300, 3.0])
def test_whatever_the_error_is_its_mark_is_within_the_chart(error: float | None):
    chart = chart_of(with_error(error))
    for mark in [*chart.chained, *chart.isolated]:
        assert mark.y == chart.above or chart.top <= mark.y <= chart.bottom
    assert len(chart.decades) <= LINES + 1
    assert len({line.y for line in chart.decades}) == len(chart.decades)


def test_what_has_no_number_stands_above_the_scale_and_what_is_exact_at_the_bottom():
    without = chart_of(with_error(None, Verdict.MISSING))
    missing = without.chained[ATTENTION]
    assert (missing.y, missing.title) == (without.above, "blocks.0.attn: error no number")
    assert missing.y < without.top
    chart = chart_of(with_error(0.0, Verdict.OK))
    assert chart.above is None
    assert chart.chained[ATTENTION].y == chart.bottom


def test_a_run_of_nothing_or_of_one_layer_has_a_chart():
    run = run_with()
    run.results = {0: run.results[0]}
    assert len(chart_of(run).chained) == 1
    run.apply(Loaded(2, {}, 0.1))
    run.results = {}
    assert chart_of(run).chained == []
