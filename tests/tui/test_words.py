import pytest

from debug.verdict import Verdict
from tui import words
from tui.panes.statistics import sparkline
from tui.themes import colour


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (0.0, "0"),
        (0.5, "0.5"),
        (-0.0230842, "-0.02308"),
        (3.14e-7, "3.14e-7"),
        (2.5e8, "2.50e+8"),
    ],
)
def test_numbers_are_short(value, text):
    assert words.number(value) == text


def test_a_bar_grows_by_decades():
    lengths = [len(words.bar(10.0**e, 8).rstrip()) for e in range(-8, 1)]
    assert lengths == sorted(lengths)
    assert lengths[0] == 0
    assert lengths[-1] == 8


def test_a_bar_without_a_number_is_no_bar():
    assert words.bar(None, 4) == "!!!!"


def test_every_verdict_has_a_glyph_of_its_own_and_a_colour_in_both_themes():
    assert len({words.GLYPHS[verdict] for verdict in Verdict}) == len(Verdict)
    for dark in (True, False):
        assert len({colour(verdict, dark) for verdict in Verdict}) == len(Verdict)


def test_a_sparkline_shows_the_worst_of_what_a_cell_stands_for():
    values: list[float | None] = [1e-8] * 64
    values[63] = 1.0
    line = sparkline(values, 16)
    assert len(line) == 16
    assert line[-1] == "█"
    assert line[0] == "▁"
    assert sparkline([None, 1e-8], 2) == "!▁"
    assert sparkline([], 16) == ""
