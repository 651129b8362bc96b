"""One layer on the reference's own input, with layers that are functions of torch."""

from collections.abc import Callable, Mapping

import pytest
import torch
from recordings import numbers
from torch import Tensor

from debug.candidate.interpreter import IsolatedLayer, LazyValue
from debug.experiments.isolation import Isolation
from debug.measure.truth import Truth, measure_isolated, measure_reference
from debug.protocol.verdict import Verdict

SHAPE = (1, 5, 4)
X = numbers(*SHAPE)


@pytest.fixture
def truth() -> Truth:
    exact = X.exp()
    argument = X.float()
    return measure_isolated(
        measure_reference(exact, exact.float()), argument, argument.exp()
    )


class Layer:
    """A candidate's layer that counts how often it runs."""

    def __init__(self, function: Callable[[Tensor], Tensor], shape: tuple = SHAPE) -> None:
        self.function, self.shape, self.runs = function, shape, 0

    def run(self, given: Tensor, aside: Mapping[str, Tensor]) -> Tensor:
        self.runs += 1
        return self.function(given)

    def lazy(self, digest: str = "one") -> LazyValue:
        isolated = IsolatedLayer(digest, list(self.shape), self.run)
        return LazyValue("chained", lambda: torch.zeros(1), lambda: isolated)


def run(truth: Truth, layer: Layer):
    found = Isolation("float32", {}).run(truth, layer.lazy())
    assert found is not None
    return found


def test_a_layer_is_judged_on_the_references_input(truth: Truth):
    assert run(truth, Layer(torch.exp)).verdict is Verdict.OK
    assert run(truth, Layer(torch.expm1)).verdict is Verdict.DIVERGED


def test_a_layer_that_is_never_called_is_missing(truth: Truth):
    found = Isolation("float32", {}).run(truth, None)
    assert found is not None
    assert found.verdict is Verdict.MISSING


def test_nothing_is_said_where_the_argument_is_not_known(truth: Truth):
    isolation = Isolation("float32", {})
    assert isolation.run(truth, LazyValue("d", lambda: X)) is None
    alone = measure_reference(X, X.float())
    assert isolation.run(alone, Layer(torch.exp).lazy()) is None


def test_a_layer_that_takes_another_shape_can_not_be_compared_alone(truth: Truth):
    layer = Layer(torch.exp, (5, 3))
    found = run(truth, layer)
    assert found.verdict is Verdict.UNSEEN
    assert found.reason == (
        "can't be compared alone: it takes [5, 3] where PyTorch's takes [1, 5, 4]"
    )
    assert layer.runs == 0


def test_a_layer_that_does_not_run_alone_says_why(truth: Truth):
    found = run(truth, Layer(lambda x: x.reshape(3, 3)))
    assert found.verdict is Verdict.UNSEEN
    assert "it does not run on PyTorch's input: RuntimeError: " in found.reason


def test_what_no_edit_has_changed_does_not_run_again(truth: Truth):
    isolation, layer = Isolation("float32", {}), Layer(torch.exp)
    first = isolation.run(truth, layer.lazy())
    assert isolation.run(truth, layer.lazy()) is first
    assert layer.runs == 1
    isolation.run(truth, layer.lazy("another"))
    assert layer.runs == 2
