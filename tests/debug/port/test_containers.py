"""Modules that hold others: by their leaves, and by others of their kind."""

import torch

from debug.port.containers import Held, in_parts, nested, siblings
from debug.port.side import Side
from debug.subject import CalledModule

THEIRS: Held = {
    frozenset({"a.0.norm", "a.0.bias", "a.0.out"}): ["a.0"],
    frozenset({"a.0.bias", "a.0.out"}): ["a.0.attn"],
    frozenset({"a.1.norm", "a.1.out"}): ["a.1"],
    frozenset({"a.1.out"}): ["a.1.attn"],
}
OURS: Held = {
    frozenset({"a.0.norm", "a.0.out"}): ["b.0"],
    frozenset({"a.0.out"}): ["b.0.mix"],
    frozenset({"a.1.norm", "a.1.out"}): ["b.1"],
    frozenset({"a.1.out"}): ["b.1.mix"],
}
PAIRED = {"a.1": "b.1", "a.1.attn": "b.1.mix"}


def test_a_block_that_holds_a_leaf_more_is_where_its_number_says():
    assert dict(siblings(PAIRED, THEIRS, OURS)) == {"a.0": "b.0", "a.0.attn": "b.0.mix"}


def test_without_one_like_it_that_is_paired_nothing_is_said():
    assert not [*siblings({}, THEIRS, OURS)]
    assert not [*siblings({"a.1": "b.1"}, {**THEIRS}, {frozenset({"x"}): ["b.0"]})]


def test_a_block_that_holds_something_else_is_no_sibling():
    theirs = {**THEIRS, frozenset({"x", "y"}): ["a.2"]}
    ours = {**OURS, frozenset({"z"}): ["b.2"]}
    assert "a.2" not in dict(siblings(PAIRED, theirs, ours))


def test_of_several_modules_that_hold_the_same_the_one_that_returns_as_much_is_meant():
    sizes = {"stem": 32, "stem.conv": 128, "first": 128}

    def as_large(layer: str, module: str) -> bool:
        return sizes[layer] == sizes[module]

    assert [*nested(["stem", "stem.conv"], ["first"], as_large)] == [("stem.conv", "first")]
    assert [*nested(["stem"], ["first"], as_large)] == [("stem", "first")]


def test_a_stage_of_one_block_is_no_block_where_others_have_several():
    usual = {("stages.N.blocks.N", "stages.N.N")}
    found = nested(
        ["stages.0", "stages.0.blocks.0"], ["stages.0.0"], lambda *_: True, usual
    )
    assert [*found] == [("stages.0.blocks.0", "stages.0.0")]


def test_a_leaf_is_the_module_whose_parts_hold_its_weights():
    one, other = torch.randn(3, 4), torch.randn(5, 2)
    whole = Side([CalledModule("lstm", 1, (2,))], {"lstm.a": one, "lstm.b": other})
    names = ("rnn.there", "rnn.back", "rnn")
    parts = Side(
        [CalledModule(name, 1, (2,)) for name in names],
        {"rnn.there.w": one, "rnn.back.w": other.T},
    )
    leaves = ["rnn.there", "rnn.back"]
    assert [*in_parts(whole, parts, ["lstm"], leaves)] == [("lstm", "rnn")]
    assert [*in_parts(parts, whole, leaves, ["lstm"])] == [("rnn", "lstm")]
