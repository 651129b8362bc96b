"""The colours of the verdicts."""

from contrast import contrast

from tui.verdict_colours import DARK, LIGHT


def test_every_colour_can_be_read_on_its_background():
    assert min(contrast(colour, "#121212") for colour in DARK.values()) >= 4.5
    assert min(contrast(colour, "#e0e0e0") for colour in LIGHT.values()) >= 3.5
