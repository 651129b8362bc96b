"""Each layer's value beside the reference's, computed when it is asked for.

What no edit has changed is not compared again: results are kept by layer and digest, for a
graph may return one value as two layers.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from msgspec.structs import replace

from debug.candidate.interpreter import LazyValue
from debug.candidate.trace import Traced
from debug.engine.whereabouts import Whereabouts, found_at
from debug.experiments.isolation import UNSEEN
from debug.measure.divergence import compare, outside
from debug.measure.recent import Recent
from debug.measure.truth import Truth
from debug.protocol.diagnostic import Problem
from debug.protocol.statistics import Stats
from debug.protocol.values import Divergence, Tolerance
from debug.protocol.verdict import Verdict

T = TypeVar("T")

Result = tuple[Stats | None, Divergence, bool]
"""A layer's statistics, its divergence, and whether both were known before."""
Again = Callable[[int, Stats | None, Divergence, bool], None]
"""Is told the index of a layer that is compared once more, and its result."""


class Comparisons:
    """The layers of the generation that was loaded last."""

    def __init__(
        self,
        truths: Mapping[str, Truth],
        dtype: str,
        whereabouts: Whereabouts,
        tolerance: Tolerance | None = None,
    ) -> None:
        self._tolerance = tolerance
        self._truths, self._dtype, self._whereabouts = truths, dtype, whereabouts
        self._results = Recent[tuple[str, str], tuple[Stats, Divergence]]()
        self.unseen: set[str] = set()
        """Layers without a value of their own, of which that is no error."""

    def begin(self, traced: Traced, values: dict[str, LazyValue]) -> None:
        """Another generation; what of its layers is found is put into its values."""
        self._traced, self._values = traced, values
        self.unseen = set(traced.unseen)
        self._elsewhere: set[str] = set()

    def of(self, name: str) -> Result:
        """
        Raises:
            Problem: an operation of the layer failed on the device, or the source ends
                before it.
        """
        if name in self._values:
            return self._compared(name)
        if (broken := self._traced.broken) is not None:
            raise Problem.of("graph", broken, prefix=f"{name} can't run")
        if name in self.unseen:
            return None, UNSEEN, False
        if _guarded(name, lambda: self._whereabouts.find(name)) is not None:
            return self.elsewhere(name)
        divergence = _guarded(name, lambda: self._whereabouts.without(name))
        if divergence.verdict is Verdict.UNSEEN:
            self.unseen.add(name)
        return None, divergence, False

    def elsewhere(self, name: str) -> Result:
        """Of a layer whose value is not what a module of its name returns."""
        self._elsewhere.add(name)
        return self._compared(name)

    def _compared(self, name: str) -> Result:
        lazy = self._values[name]
        key = name, lazy.digest
        if reused := key in self._results:
            stats, divergence = self._results[key]
        else:
            value = _guarded(name, lazy.value)
            truth = self._truths[name]
            stats, divergence = compare(value, truth, self._dtype)
            if self._tolerance is not None:
                count = outside(value, truth, self._tolerance)
                divergence = replace(divergence, outside=count)
            self._results[key] = stats, divergence
        if name in self._elsewhere:
            divergence = found_at(divergence, self._traced.places.get(name))
        return stats, divergence, reused


def _guarded(name: str, compute: Callable[[], T]) -> T:
    try:
        return compute()
    except Exception as error:
        raise Problem.of("run", error, prefix=f"{name} can't run") from error
