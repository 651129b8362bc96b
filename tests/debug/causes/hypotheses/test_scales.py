"""The number that attention's factors come to."""

from recordings import causes_of, numbers, recording_of
from torch import Tensor

from debug.causes.hypotheses.scales import scale_before

X = numbers(1, 2, 5, 4)


def scores(x: Tensor, query: float, key: float) -> Tensor:
    return (x * query) @ (x * key).transpose(-1, -2)


def right(_, x: Tensor) -> Tensor:
    return scores(x, 0.5, 0.25).softmax(-1) @ x


def test_all_factors_before_softmax_count():
    recording = recording_of(right, X)
    softmax = next(step for step in recording.steps if step.name == "softmax")
    assert scale_before(softmax, recording) == 0.125


def test_another_scale_is_said_with_pytorchs():
    def wrong(_, x: Tensor) -> Tensor:
        return (x @ x.transpose(-1, -2) * 0.3).softmax(-1) @ x

    said = "the scores are multiplied by 0.3 before softmax, PyTorch's by 0.125"
    assert causes_of(right, wrong, X)[0] == said
