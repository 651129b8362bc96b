"""Layers' names in less room than they take."""

import pytest

from tui.names import abbreviated, cut_of, nearest, shortened, without_front, without_middle

DEEP = "bert.encoder.layer.11.attention.output.dense"


@pytest.mark.parametrize("cut", [abbreviated, without_front, without_middle])
@pytest.mark.parametrize("room", range(3, 50))
def test_a_cut_name_fits(cut, room: int):
    assert len(cut(DEEP, room)) <= room
    assert (cut(DEEP, room) == DEEP) == (room >= len(DEEP))


def test_names_that_differ_at_the_end_lose_their_front():
    names = [
        f"model.encoder.layers.{n}.attention.output.{p}" for n in range(12) for p in "qk"
    ]
    cut, room = cut_of(names)
    assert cut is abbreviated
    assert cut(names[-1], room) == "…11.a.o.k"
    assert len({cut(name, room) for name in names}) == len(names)
    assert room < len(names[0])


def test_names_that_differ_at_the_beginning_keep_it():
    names = [f"{side}.layers.output.attention.weight" for side in ("encoder", "decoder")]
    cut, room = cut_of(names)
    assert cut is without_middle
    assert {cut(name, room)[:2] for name in names} == {"en", "de"}


def test_one_name_can_be_cut_and_none_needs_no_room():
    assert cut_of([DEEP])[1] < len(DEEP)
    assert cut_of([])[1] == 0


@pytest.mark.parametrize(
    ("room", "text"),
    [
        (50, DEEP),
        (34, "…layer.11.attention.output.dense"),
        (20, "…11.a.output.dense"),
        (14, "…11.a.o.dense"),
        (10, "…dense"),
    ],
)
def test_the_number_of_the_block_stays_as_long_as_it_can(room: int, text: str):
    assert shortened("", DEEP, room) == text


def test_an_indent_counts():
    assert shortened("    ", "blocks.0.attn.query", 22) == "    …0.attn.query"


def test_the_nearest_names_are_those_with_the_same_part_then_those_spelt_alike():
    queries = ["blocks.0.attn.query", "blocks.1.attn.query"]
    names = ["conv1", "conv2", "blocks.0.attn", *queries]
    assert nearest("attn.query", names) == queries
    assert nearest("blocks.1.atn.query", names)[0] == "blocks.1.attn.query"
    assert nearest("conv3", names) == ["conv1", "conv2"]
    assert nearest("zzz", names) == nearest("", names) == []
