"""The recording is one SVG: pictures that take turns, and nothing from elsewhere."""

import re

from scripts.recording import Picture, moving

SVG = '<svg class="rich-terminal" viewBox="0 0 10 5">{}<text>{}</text></svg>'
FONT = "<style>@font-face { src: url(https://elsewhere/font) }</style>"


def test_each_picture_is_seen_for_its_seconds_and_then_the_first_again():
    made = moving([Picture(SVG.format(FONT, "one"), 3), Picture(SVG.format("", "two"), 1)])
    assert made.count("<svg") == made.count("</svg>") == 3
    assert 'viewBox="0 0 10 5"' in made.partition("<style>")[0]
    turns = re.findall(r"([\d.]+)% { visibility: (\w+) }", made)
    assert turns == [
        ("0.00", "visible"),
        ("75.00", "hidden"),
        ("0", "hidden"),
        ("75.00", "visible"),
        ("100.00", "hidden"),
    ]
    assert made.count(" 4s step-end infinite") == 2
    assert "elsewhere" not in made
