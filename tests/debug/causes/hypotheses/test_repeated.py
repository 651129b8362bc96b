import torch
from torch import Tensor, nn

from debug.causes.search import find_causes
from tests.recordings import causes_of, numbers, segment_of


class Block(nn.Module):
    """One that is called with a scale beside its input, as blocks are with a mask."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(numbers(4, 4, seed=seed) / 2)

    def forward(self, x: Tensor, scale: float) -> tuple[Tensor, None]:
        return (x @ self.weight * scale).tanh() + x, None


BLOCKS = {f"block{number}": Block(number) for number in range(3)}
X = numbers(2, 3, 4)


def run(*order: int):
    def code(layer, x):
        for number in order:
            x, _ = getattr(layer, f"block{number}")(x, scale=0.5)
        return x

    return code


def test_a_layer_that_is_called_twice_is_named():
    best, *_ = causes_of(run(0, 1, 2), run(0, 1, 2, 2), X, **BLOCKS)
    assert best == "block2 is called twice"


def called(right, wrong, never: list[str]) -> list[str]:
    segment = segment_of(right, wrong, X, **BLOCKS)
    segment.uncalled = never
    with torch.inference_mode():
        return [each.hypothesis.text for each in find_causes(segment) if each.complete]


def test_a_layer_that_is_called_in_place_of_the_others_is_named_with_them():
    best, *_ = called(run(0, 1, 2), run(0, 0, 0), ["block1", "block2"])
    assert best == "block0 is called in place of block1 and block2"


def test_a_layer_in_place_of_one_that_takes_the_same_need_not_be_called_again():
    def right(layer, x):
        return layer.block0(x, 0.5)[0] @ layer.block1(x, 0.5)[0].mT

    def wrong(layer, x):
        first, _ = layer.block0(x, 0.5)
        return first @ first.mT

    best, *_ = called(right, wrong, ["block1"])
    assert best == "block0's result in place of block1's"


def test_a_layer_of_other_sizes_is_not_thought_to_be_called_in_its_place():
    torch.manual_seed(0)
    other = {**BLOCKS, "block0": nn.Linear(4, 4).double()}

    def right(layer, x):
        return layer.block1(layer.block0(x), 0.5)[0]

    segment = segment_of(right, lambda layer, x: layer.block0(layer.block0(x)), X, **other)
    segment.uncalled = ["block1"]
    with torch.inference_mode():
        texts = [each.hypothesis.text for each in find_causes(segment)]
    assert not any("is called in place of block1" in text for text in texts)
