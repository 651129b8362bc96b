"""What a second run says about the first."""

import pytest
from fakes import compared, isolated, opened

from debug.protocol.messages import ComparedWithoutTaps, Isolated, Loaded
from debug.protocol.values import Divergence
from debug.protocol.verdict import Verdict
from debug.results.run import Run
from tui.dashboard.second_run import COMPILED, FLOAT64, SecondRun


def run_with(ratio: float) -> Run:
    """One whose fourth layer has this ratio, whole and isolated."""
    run = Run()
    run.apply(opened())
    run.apply(Loaded(1, {}, 0.1))
    for index in range(len(run.layers)):
        run.apply(compared(index, ratio if index == 3 else 1.0))
        run.apply(isolated(index, ratio if index == 3 else 1.0))
    return run


@pytest.mark.parametrize(
    ("wide", "said"),
    [
        (1.0, "the error is rounding, not a bug in the graph"),
        (50.0, "a bug in the graph, not rounding"),
    ],
)
def test_float64_tells_a_wrong_graph_from_rounding(wide: float, said: str):
    assert said in SecondRun(FLOAT64, run_with(wide)).conclusion(run_with(50.0))


def test_of_a_layer_that_can_not_be_compared_alone_the_whole_run_tells():
    wide = run_with(50.0)
    wide.apply(Isolated(1, 3, Divergence(Verdict.UNSEEN, reason="another shape")))
    said = SecondRun(FLOAT64, wide).conclusion(run_with(50.0))
    assert "a bug in the graph, not rounding" in said


def test_of_a_healthy_graph_float64_says_its_verdict_only():
    said = SecondRun(FLOAT64, run_with(1.0)).conclusion(run_with(1.0))
    assert said == "in float64 the graph is ok"


@pytest.mark.parametrize(
    ("apart", "said"), [(0.0, "gives the same bits"), (3e-7, "off by 3.0e-7 from the one")]
)
def test_the_compiled_graph_says_whether_taps_change_it(apart: float, said: str):
    second_run = SecondRun(COMPILED, run_with(1.0))
    divergence = Divergence(Verdict.OK, ratio=1.1)
    second_run.run.apply(ComparedWithoutTaps(1, divergence, apart, apart))
    assert said in second_run.conclusion(run_with(1.0))
