"""The tables say what was met, what was missed and by how much, and what could not run."""

import pytest

from benchmarks.all import Line
from benchmarks.peers import EAGER, Row, table


@pytest.mark.parametrize(
    ("measured", "at_least", "verdict"),
    [
        (0.5, False, "met"),
        (0.9, False, "missed by 0.2 s"),
        (0.9, True, "met"),
        (0.5, True, "missed by 0.2 s"),
        (None, False, ""),
    ],
)
def test_a_line_says_whether_its_target_was_met(measured, at_least, verdict):
    line = Line("a save", 0.7, measured, "s", "1.1 s", at_least)
    assert line.cells()[-1] == verdict
    assert line.cells()[3] == "1.1 s"


def test_a_figure_that_is_not_there_is_said_to_be_none():
    assert Line("a save", 0.7, None, "s", "1.1 s").cells()[2] == "not measured"


def test_a_peer_that_can_not_run_says_why_in_the_table():
    eager = Row(EAGER, ratio=1.0, seconds=[0.3, 0.2, 0.4], busy=[0.6, 0.5, 0.7])
    absent = Row("ONNX Runtime", why_not="ModuleNotFoundError: No module named 'onnx'")
    head, rule, first, second = table([eager, absent])
    assert first == "| PyTorch eager | 0.300 | 0.200 to 0.400 | 0.600 | 1.00 | 1.0 |  |"
    assert "No module named 'onnx'" in second
    assert len({line.count("|") for line in (head, rule, first, second)}) == 1


def test_medians_are_of_all_runs():
    row = Row("MAX")
    for _ in range(3):
        row.run(lambda: None)
    assert len(row.seconds) == len(row.busy) == 3
    assert row.median >= 0
