"""What is found out about a layer later may change what was said of it in the run.

A layer is compared as soon as it has run. Then the idle work runs it alone, on PyTorch's
own input, and looks at its code. It may turn out to be right in another place, to round
more for a good reason, or to be wrong where the run showed nothing: then it is said again.

The last happens where a device multiplies coarsely. In TF32 each product rounds a thousand
times more than in float32, and every layer behind it inherits that. A layer norm with the
wrong epsilon is off by less, so in the run it looks right. Alone it inherits nothing, has
no product of its own, and its error is plain::

    in the run      error 8e-6, floor 1e-4    R 0.08, ok
    alone           error 8e-6, floor 7e-8    R 114, diverged
"""

from collections.abc import Callable, Mapping

from msgspec.structs import replace

from debug.candidate.interpreter import LazyValue
from debug.engine.comparisons import Comparisons
from debug.experiments.isolation import Isolation
from debug.measure.truth import Truth
from debug.protocol.messages import Compared, Isolated, Message
from debug.protocol.statistics import Stats
from debug.protocol.values import Divergence
from debug.protocol.verdict import LAYER, Verdict

HIDDEN = "wrong in isolation; in the run, rounding on this device hides it"


class Corrections:
    """Of the generation that was loaded last."""

    def __init__(
        self,
        truths: Mapping[str, Truth],
        isolation: Isolation,
        comparisons: Comparisons,
        emit: Callable[[Message], None],
    ) -> None:
        self._truths, self._names = truths, list(truths)
        self._isolation, self._comparisons, self._emit = isolation, comparisons, emit
        self.begin(0, {})

    def begin(self, generation: int, values: Mapping[str, LazyValue]) -> None:
        """Another generation, with the values of its layers."""
        self._generation, self._values = generation, values

    def moved(self, index: int, isolated: Divergence) -> None:
        """A layer is right elsewhere than where its module returns, or can't be seen."""
        if isolated.verdict is Verdict.UNSEEN:
            self.again(index, None, isolated, False)
        else:
            self.again(index, *self._comparisons.elsewhere(self._names[index]))
        self._emit(Isolated(self._generation, index, isolated))

    def wrong_alone(self, index: int) -> None:
        """A layer is wrong on PyTorch's input, and is right nowhere else."""
        name = self._names[index]
        isolated = self._isolation.run(self._truths[name], self._values.get(name))
        stats, divergence, reused = self._comparisons.of(name)
        if isolated is not None and is_hidden(isolated, divergence):
            worse = replace(divergence, verdict=isolated.verdict, reason=HIDDEN)
            self.again(index, stats, worse, reused)

    def again(
        self, index: int, stats: Stats | None, divergence: Divergence, reused: bool
    ) -> None:
        """More is known of a layer than when it was compared."""
        self._emit(Compared(self._generation, index, stats, divergence, 0.0, reused))


def is_hidden(isolated: Divergence, chained: Divergence) -> bool:
    """Whether a layer that is wrong alone looks right in the run only because so small an
    error can't be seen there.

    One that takes another value than PyTorch's is no such case: alone it is off by more
    than any rounding. Nor is there one where both have the same floor.
    """
    if not chained.verdict.healthy or not isolated.ratio or not chained.ratio:
        return False
    if isolated.rel_l2 is None or chained.rel_l2 is None:
        return False
    floor = chained.rel_l2 / chained.ratio
    is_wrong = isolated.ratio > LAYER.watch_up_to
    return is_wrong and isolated.rel_l2 <= LAYER.ok_up_to * floor
