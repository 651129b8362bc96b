"""Layers whose value is another one only because the port computes them at another place.

A head that is linear may come before the mean or after it ::

    self.head(x.mean(1))        PyTorch: a row of classes for each picture
    self.head(x).mean(1)        the port: one for each token, and then their mean

The two modules return different things, and neither is a mistake. Such a layer is not
wrong by itself, and its numbers are found later, where the port has them: it is compared
there. Or they are nowhere, as those of a query that is made smaller before it is projected.
Then what follows decides: where no layer has a mistake, and all that is computed of the
value is right, it can't be seen, and nothing is wrong.

So it is with rows in another order, such as the windows of all images one after the other:
once the numbers have said which row is which, each layer of as many rows must have them in
that order.
"""

from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace
from torch import Tensor

from debug.engine.comparisons import Again, Comparisons
from debug.engine.jobs import Emit, JobOfTheModel
from debug.engine.whereabouts import Whereabouts, is_shifted
from debug.experiments.isolation import Isolation
from debug.measure.divergence import compare
from debug.measure.row_order import order_of_rows
from debug.measure.truth import Truth
from debug.pause import Interrupted, Pause
from debug.protocol.messages import Isolated
from debug.protocol.values import Divergence
from debug.protocol.verdict import Verdict
from debug.subject import Subject

ELSEWHERE = Divergence(
    Verdict.UNSEEN,
    reason="computed at another place than PyTorch's: it is right in itself, and so is all "
    "that follows",
)

IN_ANOTHER_ORDER = "its rows are PyTorch's in another order"


class CompareElsewhere(JobOfTheModel):
    """Layers that are wrong in the run, and have no mistake that isolation would show."""

    name = "looking for layers that are computed elsewhere"

    def __init__(
        self,
        subject: Subject,
        truths: Mapping[str, Truth],
        tools: tuple[Comparisons, Isolation, Whereabouts],
        again: Again,
        emit: Emit,
        pause: Pause,
    ) -> None:
        """
        Args:
            subject: whose layers they are.
            truths: of all of them.
            tools: what compares them.
            again: is told each layer that was found at another place, or in another order
                of rows, or can't be seen.
            emit: is told what there is to be said of those that are not called.
            pause: is asked often.
        """
        self._names, self._truths = list(truths), truths
        self._again, self._emit, self._pause = again, emit, pause
        self._dtype = subject.dtype.name
        self._inputs = {value.name for value in subject.inputs}
        self._comparisons, self._isolation, self._whereabouts = tools
        super().__init__(subject, truths)

    @property
    def _wanted(self) -> bool:
        return self._generation.code is not None

    def do_one(self) -> None:
        self.done = 1
        try:
            self._look()
        except Interrupted:
            self.done = 0
            raise

    def _look(self) -> None:
        assert self._generation.code is not None
        chained = {n: self._comparisons.of(n)[1] for n in self._generation.values}
        alone = {name: self._alone(name) for name in chained}
        wrong = {name for name, each in chained.items() if each.verdict.wrong}
        suspects = [name for name in wrong if alone[name].healthy]
        found = {*self._found_later(suspects, alone), *self._in_another_order(suspects)}
        wrong -= found
        self._called_nowhere()
        if any(alone[name].wrong for name in wrong) or self._model in wrong:
            return  # what is wrong may come from there
        reshaped = {n for n in wrong if chained[n].verdict is Verdict.INVALID}
        right = set(chained) - wrong
        for name in suspects:
            if name in wrong and self._follows_right(name, wrong - reshaped, right):
                self._again(self._names.index(name), None, ELSEWHERE, False)

    def _found_later(
        self, suspects: Sequence[str], alone: Mapping[str, Verdict]
    ) -> Iterator[str]:
        """Layers that PyTorch's input does not fit, and whose numbers come later."""
        for name in suspects:
            is_moved = alone[name] is Verdict.UNSEEN
            if is_moved and self._whereabouts.find_later(name, self._pause):
                result = self._comparisons.elsewhere(name)
                self._again(self._names.index(name), *result)
                yield name

    def _in_another_order(self, suspects: Sequence[str]) -> Iterator[str]:
        """Layers that have all rows, in an order that is the same for as many rows."""
        orders: dict[int, Tensor] = {}
        for name in suspects:
            self._pause()
            value, truth = self._generation.values[name].value(), self._truths[name]
            order = order_of_rows(value, truth.exact)
            if order is None or name == self._model:
                continue
            stats, divergence = compare(value[order], truth, self._dtype)
            required = orders.setdefault(len(order), order)
            if divergence.verdict.healthy and order.equal(required):
                told = replace(divergence, reason=IN_ANOTHER_ORDER)
                self._again(self._names.index(name), stats, told, False)
                yield name

    def _called_nowhere(self) -> None:
        """Layers that the port never calls may be within one that has turned out right."""
        for index, name in enumerate(self._names):
            seen = {*self._generation.values, *self._comparisons.unseen, *self._inputs}
            if name in seen:
                continue
            stats, divergence, reused = self._comparisons.of(name)
            if divergence.verdict is Verdict.UNSEEN:
                self._again(index, stats, divergence, reused)
                self._emit(Isolated(self._generation.number, index, divergence))

    def _alone(self, name: str) -> Verdict:
        """Of a layer by itself; ``unseen`` where that is not known."""
        divergence = self._isolation.run(self._truths[name], self._generation.values[name])
        return Verdict.UNSEEN if divergence is None else divergence.verdict

    def _follows_right(self, name: str, wrong: set[str], right: set[str]) -> bool:
        """Whether a layer's value makes no other one wrong, but those of another shape,
        which are not compared. One vector that is added to every row is a mistake, even
        where softmax cancels it."""
        value, code = self._generation.values[name], self._generation.code
        assert code is not None
        if name in wrong and is_shifted(value, self._truths[name]):
            return False
        layers, flow = code.program.layers, code.program.flow
        maker, given = flow.maker.get(layers[name]), {layers[each] for each in right}
        reached = (flow.leading_to(layers[other], given) for other in wrong - {name})
        return not any(maker in each for each in reached)
