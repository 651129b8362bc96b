"""What events carry."""

import msgspec
import pytest

from debug.protocol.messages import decode_command
from debug.protocol.values import Divergence, Mode, Place, Slice
from debug.protocol.verdict import Verdict


@pytest.mark.parametrize(
    ("mode", "word"), [(Mode.INTERPRET, "interpret"), (Mode.COMPILE, "compile")]
)
def test_a_mode_is_the_word_that_a_person_gives(mode: Mode, word: str):
    assert Mode(word) is mode
    assert msgspec.json.encode(mode) == f'"{word}"'.encode()


def test_a_mode_that_does_not_exist_is_refused():
    with pytest.raises(msgspec.ValidationError, match="guess"):
        decode_command(b'{"type": "Open", "options": {}, "engine": "guess"}')


def test_a_value_that_says_nothing_of_a_slice_means_that_it_is_ok():
    line = b'{"verdict": "watch", "frame": {"index": 2, "ratio": null, "rel_l2": 0.5}}'
    divergence = msgspec.json.decode(line, type=Divergence)
    assert divergence == Divergence(Verdict.WATCH, frame=Slice(2, None, 0.5, Verdict.OK))


def test_values_are_equal_by_what_they_say_and_stay_as_they_are():
    place = Place("a.py", 3)
    assert {place: "known"}[Place("a.py", 3)] == "known"
    with pytest.raises(AttributeError):
        place.line = 4  # pyright: ignore[reportAttributeAccessIssue]
