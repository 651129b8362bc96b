"""Who hears of a probe, and for how long."""

import pytest

from debug.candidate.probe import listening, probe


def test_all_who_listen_hear_it():
    one: list[str] = []
    other: list[str] = []
    with listening(lambda name, _: one.append(name)):
        with listening(lambda name, _: other.append(name)):
            probe("first", 1)
        probe("second", 2)
    assert (one, other) == (["first", "second"], ["first"])


def test_a_graph_that_raises_leaves_nobody_listening():
    heard: list[str] = []
    with (
        pytest.raises(ValueError, match="stop"),
        listening(lambda name, _: heard.append(name)),
    ):
        raise ValueError("stop")
    assert probe("qk", "x") == "x"
    assert heard == []
