"""Values drawn in few cells."""

from debug.protocol.survey import Axis, Band
from tui.dashboard.ends.sketches import LABEL, numbers, profile, scale, shaded, waveform

TIME, BANDS = Axis("frame", 3000, 0.01, "s"), Axis("mel band", 80)


def drawn(lines) -> list[str]:
    return [line.plain[LABEL:] for line in lines]


def test_a_waveform_is_about_zero_and_fills_what_it_reaches():
    band = Band([[-1.0, 0.0, -0.4]], [[1.0, 0.0, 0.4]])
    top, upper, lower, bottom = drawn(waveform(band, 4))
    assert [line[0] for line in (top, upper, lower, bottom)] == ["█"] * 4
    assert top[1] == bottom[1] == " "
    assert top[2] == bottom[2] == " "
    assert upper[2] != " "


def test_what_is_no_number_is_marked_and_ends_nothing():
    assert "!" in drawn(waveform(Band([[None, 0.0]], [[None, 1.0]]), 2))[0]
    assert "!" in drawn(shaded(Band([[None]], [[None]]), [BANDS, TIME], True))[0]
    assert "!" in drawn(profile([None, 1e-3], 2, 2))[0]


def test_over_time_the_first_band_is_at_the_bottom_and_else_on_top():
    rows: list[list[float | None]] = [[1.0, 1.0], [0.0, 0.0]]
    band = Band(rows, rows)
    assert drawn(shaded(band, [BANDS, TIME], True)) == ["  ", "██"]
    assert drawn(shaded(band, [BANDS, Axis("channel", 2)], True)) == ["██", "  "]


def test_tokens_are_written_out():
    (line,) = numbers(Band([[101.0, 7.0]], [[101.0, 7.0]]))
    assert line.plain == "101 7"


def test_an_error_that_is_ten_times_as_large_is_a_decade_higher():
    lines = drawn(profile([1e-6, 1e-4], 4, 2))
    assert lines == ["  ██", "  ██"]
    assert drawn(profile([0.0, 0.0], 4, 2)) == ["    ", "    "]


def test_the_scale_names_both_ends_in_the_units_of_the_axis():
    line = scale(TIME, 40).plain
    assert line.split() == ["0.00", "s", "15.00", "s", "29.99", "s"]
    assert len(line) == LABEL + 40
