"""Layers by themselves: what each makes of the reference's own input.

What has piled up before a layer is left out, so a layer that is wrong here is wrong
itself.
"""

from torch import Tensor

from debug.candidate.interpreter import IsolatedLayer, LazyValue
from debug.measure.divergence import compare
from debug.measure.truth import Truth, in_layout
from debug.protocol.diagnostic import first_line
from debug.protocol.values import Divergence
from debug.protocol.verdict import Verdict


class Isolation:
    """Keeps its results: an edit concerns few layers."""

    def __init__(self, dtype: str) -> None:
        """``dtype`` is what the candidate should compute in, such as ``float32``."""
        self._dtype = dtype
        self._results: dict[tuple[int, str], Divergence] = {}
        """By truth and digest: two layers may be the same operations."""

    def run(self, truth: Truth, computed: LazyValue | None) -> Divergence | None:
        """One layer's divergence, or None where its argument is not known.

        Args:
            truth: of the layer.
            computed: the candidate's side; None if the candidate never calls the layer.
        """
        if computed is None:
            return Divergence(Verdict.MISSING, reason="the candidate never calls it")
        if computed.isolated is None or truth.isolated is None:
            return None
        isolated = computed.isolated()
        key = id(truth), isolated.digest
        if key not in self._results:
            self._results[key] = self._run(truth, truth.isolated.argument, isolated)
        return self._results[key]

    def _run(self, truth: Truth, argument: Tensor, isolated: IsolatedLayer) -> Divergence:
        argument = in_layout(argument, truth.axes_back, isolated.shape)
        if list(argument.shape) != isolated.shape:
            theirs = f"the reference gives it {list(argument.shape)}"
            reason = f"takes {isolated.shape} where {theirs}"
            return Divergence(Verdict.INVALID, reason=reason)
        try:
            value = isolated.value(argument)
        except Exception as error:
            reason = f"can't run alone: {first_line(error)}"
            return Divergence(Verdict.INVALID, reason=reason)
        return compare(value, truth.when_isolated, self._dtype)[1]
