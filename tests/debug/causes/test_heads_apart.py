"""A port that loops over heads is searched like one that computes them at once."""

import torch
from recordings import causes_of, numbers, segment_of
from torch import Tensor

from debug.causes.heads_apart import wholes

HEADS, CHANNELS = 2, 8
WEIGHTS = {name: numbers(CHANNELS, CHANNELS, seed=n) for n, name in enumerate("qkv")}


def at_once(layer, x: Tensor) -> Tensor:
    q, k, v = (
        (x @ weight).view(6, HEADS, -1).permute(1, 0, 2)
        for weight in (layer.q, layer.k, layer.v)
    )
    scores = q @ k.transpose(1, 2) * 0.5
    found = torch.softmax(scores, dim=-1) @ v
    return found.permute(1, 0, 2).reshape(6, CHANNELS)


def one_by_one(
    scale: float = 0.5, axis: int = -1, first: int = 0, read: str = "v", last: int = 6
):
    """The same in a loop, with mistakes."""

    def code(layer, x: Tensor) -> Tensor:
        q, k, v = x @ layer.q, x @ layer.k, x @ getattr(layer, read)
        found = []
        for head in range(HEADS):
            its = slice(head * 4, head * 4 + 4)
            other = slice(first if head else 0, first + 4 if head else 4)
            scores = q[:, its] @ k[:, its if first == 0 else other].T * scale
            found.append(torch.softmax(scores, dim=axis) @ v[:, its])
        return torch.cat(found, dim=-1)

    return code


def test_the_parts_of_each_head_are_right_where_their_whole_is():
    segment = segment_of(at_once, one_by_one(), numbers(6, CHANNELS), **WEIGHTS)
    assert not segment.wrong
    assert all(segment.right)
    assert sum(1 for op in segment.operations if op.parts) >= 4


def test_the_first_wrong_operation_is_one_of_a_head_and_not_a_slice():
    segment = segment_of(at_once, one_by_one(axis=0), numbers(6, CHANNELS), **WEIGHTS)
    assert segment.culprit is not None
    culprit = segment.operations[segment.culprit]
    assert (culprit.name, culprit.parts) == ("softmax", ())


def test_a_mistake_that_each_head_makes_has_its_cause():
    found = causes_of(at_once, one_by_one(axis=0), numbers(6, CHANNELS), **WEIGHTS)
    assert any("softmax" in cause for cause in found), found
    found = causes_of(at_once, one_by_one(scale=0.3), numbers(6, CHANNELS), **WEIGHTS)
    assert any("0.3" in cause for cause in found), found
    found = causes_of(at_once, one_by_one(read="k"), numbers(6, CHANNELS), **WEIGHTS)
    assert found


def test_a_mistake_in_one_head_alone_is_found_there():
    segment = segment_of(at_once, one_by_one(first=2), numbers(6, CHANNELS), **WEIGHTS)
    assert segment.culprit is not None
    assert segment.operations[segment.culprit].name in ("getitem", "T", "matmul")


def test_a_head_that_is_used_twice_is_blamed_where_it_is_used():
    """Its own operations are right, and those of the other head are nowhere."""

    def wrong(layer, x: Tensor) -> Tensor:
        q, k, v = (x @ weight for weight in (layer.q, layer.k, layer.v))
        scores = q[:, :4] @ k[:, :4].T * 0.5
        found = torch.softmax(scores, dim=-1) @ v[:, :4]
        return torch.cat([found, found], dim=-1)

    segment = segment_of(at_once, wrong, numbers(6, CHANNELS), **WEIGHTS)
    assert segment.culprit is not None
    assert segment.operations[segment.culprit].name == "cat"


def test_a_loop_that_takes_the_first_head_each_time_is_blamed_where_it_takes_it():
    def wrong(layer, x: Tensor) -> Tensor:
        q, k, v = x @ layer.q, x @ layer.k, x @ layer.v
        found = []
        for head in range(HEADS):
            its = slice(head * 4, head * 4 + 4)
            scores = q[:, :4] @ k[:, its].T * 0.5
            found.append(torch.softmax(scores, dim=-1) @ v[:, its])
        return torch.cat(found, dim=-1)

    segment = segment_of(at_once, wrong, numbers(6, CHANNELS), **WEIGHTS)
    assert segment.culprit is not None
    assert segment.operations[segment.culprit].name == "getitem"


def test_operations_that_are_no_loop_make_no_whole():
    segment = segment_of(at_once, at_once, numbers(6, CHANNELS), **WEIGHTS)
    assert not [op for op in segment.operations if op.parts]
    assert wholes([], {(2, 6, 4)}) == []
