"""Every layer on the reference's own input.

In a run of the whole model errors pile up: after one wrong layer norm everything is
wrong. In isolation a layer starts from the input that PyTorch gives it, so what is wrong
here is wrong in this layer, however many bugs come before it, and all bugs are found in
one run.

Example: an epsilon of 1e-3 in a class that nine layer norms share makes every layer from
the first of them on wrong in the chain, and exactly those nine in isolation (and the
blocks that hold them).
"""

from collections.abc import Mapping

from torch import Tensor

from debug.candidate.interpreter import IsolatedLayer, LazyValue
from debug.measure.divergence import compare
from debug.measure.layout import laid_out
from debug.measure.recent import Recent
from debug.measure.truth import Truth
from debug.protocol.diagnostic import first_line
from debug.protocol.values import Divergence
from debug.protocol.verdict import Verdict

NEVER_CALLED = Divergence(Verdict.MISSING, reason="the candidate never calls it")
UNSEEN = Divergence(
    Verdict.UNSEEN, reason="called within a condition or a loop: its values can't be seen"
)


class Isolation:
    """Keeps its results: an edit concerns few layers."""

    def __init__(self, dtype: str, truths: Mapping[str, Truth]) -> None:
        """
        Args:
            dtype: what the candidate should compute in, such as ``float32``.
            truths: of all layers, for those that enter another from aside.
        """
        self._dtype, self._truths = dtype, truths
        self._results = Recent[tuple[int, str], Divergence]()
        """By truth and digest: two layers may be the same operations."""

    def run(self, truth: Truth, computed: LazyValue | None) -> Divergence | None:
        """One layer's divergence, or None where its argument is not known.

        Args:
            truth: of the layer.
            computed: the candidate's side; None if the candidate never calls the layer.
        """
        if computed is None:
            return NEVER_CALLED
        if computed.isolated is None or truth.isolated is None:
            return None
        isolated = computed.isolated()
        key = id(truth), isolated.digest
        if key not in self._results:
            self._results[key] = self._run(truth, truth.isolated.argument, isolated)
        return self._results[key]

    def alone(self, truth: Truth, computed: LazyValue) -> Tensor | None:
        """What a layer makes of the reference's input; None if it can't be given that."""
        if computed.isolated is None or truth.isolated is None:
            return None
        isolated, argument = computed.isolated(), truth.isolated.argument
        argument = laid_out(argument, isolated.shape, truth.axes_back, truth.axes)
        if list(argument.shape) != isolated.shape:
            return None
        return isolated.value(argument, aside(isolated, self._truths))

    def _run(self, truth: Truth, argument: Tensor, isolated: IsolatedLayer) -> Divergence:
        argument = laid_out(argument, isolated.shape, truth.axes_back, truth.axes)
        if list(argument.shape) != isolated.shape:
            theirs = f"PyTorch's takes {list(argument.shape)}"
            return _not_alone(f"it takes {isolated.shape} where {theirs}")
        try:
            value = isolated.value(argument, aside(isolated, self._truths))
        except Exception as error:
            return _not_alone(f"it does not run on PyTorch's input: {first_line(error)}")
        return compare(value, truth.when_isolated, self._dtype)[1]


def _not_alone(why: str) -> Divergence:
    """Of a layer that PyTorch's input does not fit, as where the padding is within it and
    without PyTorch's. That is no mistake: the layer around it is judged on its input."""
    return Divergence(Verdict.UNSEEN, reason=f"can't be compared alone: {why}")


def aside(isolated: IsolatedLayer, truths: Mapping[str, Truth]) -> dict[str, Tensor]:
    """The reference's results of other layers that enter a layer beside its input.

    Example: a module that adds a residual is called with two values. With the first alone
    given, the second would bring in what went wrong before the layer.
    """
    found = {}
    for name, shape in isolated.aside.items():
        truth = truths.get(name)
        if truth is None:
            continue
        value = laid_out(truth.exact, shape, truth.axes_back)
        if list(value.shape) == shape:
            found[name] = value
    return found
