"""All results of a run as the screen and the commands hold them. Pure Python.

A `Run` is told every event, in order (`debug.results.heard`), and says from them which
layers are to blame, what was found in their code, and what the last save changed.

A layer is wrong in the run of the whole model as soon as its input is, so being wrong says
nothing: to blame is what is wrong on PyTorch's own input, and of a layer and its parts
those parts, unless a mistake was found in the code around them.
"""

from debug.protocol.values import Finding
from debug.protocol.verdict import Verdict
from debug.results.heard import Heard
from debug.results.trend import Trend, trend_between


class Run(Heard):
    """What was heard so far, and which layers are to blame for it."""

    def culprit(self) -> int | None:
        """The layer whose own code makes the first wrong value, where that is known; else
        the first layer that is wrong in isolation, or in the run of the whole model. What
        is only to be watched is no culprit, unless a mistake was found in its code."""
        first = self._first_wrong()
        if first is None:
            return None
        around = self.with_parents(first)
        for fault in self.faults():
            if any(finding.feeds in around for finding in self.findings(fault) or ()):
                return fault
        if self.not_alone(first):  # the code around it decides
            return next(filter(self.wrong_in_isolation, self._parents(first)), first)
        result = self.current(first)
        if (
            result
            and result.chained.verdict is Verdict.MISSING
            and not self.findings(first)
        ):
            # It was to be computed in the code of a layer around it: that is wrong.
            wrong = [
                i for i in self.faults() if self._names[i] in around and self.findings(i)
            ]
            return next(iter(wrong), first)
        return first

    def _first_wrong(self) -> int | None:
        for index in range(len(self.layers)):
            result, isolated = self.current(index), self.isolated(index)
            verdicts = [each for each in (result and result.chained, isolated) if each]
            if any(each.verdict.wrong for each in verdicts) or self.findings(index):
                return index
        return None

    def with_parents(self, index: int) -> set[str]:
        return {self.layers[each].name for each in (index, *self._parents(index))}

    def finding(self, index: int) -> Finding | None:
        """The first mistake in a layer's own code, if one is known."""
        findings = self.findings(index) or []
        first = self._first_wrong()
        around = set() if first is None else self.with_parents(first)
        return next((f for f in findings if f.feeds in around), next(iter(findings), None))

    def all_findings(self) -> list[tuple[int, Finding]]:
        """Every mistake that is known, with the layer whose own code makes it."""
        indices = range(len(self.layers))
        return [(i, finding) for i in indices for finding in self.findings(i) or ()]

    def faults(self) -> list[int]:
        """The layers with a mistake in their own code, or, where that is not known, those
        that are wrong in isolation while their parts are not.

        Each is a bug of its own, however many come before it.
        """
        if self._first_wrong() is None:
            return []
        wrong = [
            index for index in range(len(self.layers)) if self.wrong_in_isolation(index)
        ]
        around = {each for index in wrong for each in self._parents(index)}

        def at_fault(index: int) -> bool:
            if self.findings(index):
                return True
            # A mistake may be too small to be found in the code, and be in it all the same.
            return index not in around and not self._is_in_explained_code(index)

        return [index for index in wrong if at_fault(index)]

    def _is_in_explained_code(self, index: int) -> bool:
        """Whether a layer is never called, so that its code is that of a layer around it,
        where a mistake was found that is not that it is missing."""
        for each in self._parents(index) if self._is_missing(index) else ():
            if self.findings(each) or not self._is_missing(each):
                return bool(self.findings(each))
        return False

    def _is_missing(self, index: int) -> bool:
        divergence = self.isolated(index)
        return divergence is not None and divergence.verdict is Verdict.MISSING

    def wrong_in_isolation(self, index: int) -> bool:
        """Whether a layer is known to be wrong on PyTorch's own input."""
        divergence = self.isolated(index)
        return divergence is not None and not divergence.verdict.healthy

    def heirs(self) -> set[int]:
        """The layers that are wrong only because their input is."""
        faults = self.faults()
        first = min(faults, default=len(self.layers))
        return {
            index
            for index in range(len(self.layers))
            if self._is_right_alone(index)
            and (first < index or not set(faults).isdisjoint(self._parents(index)))
        }

    def _is_right_alone(self, index: int) -> bool:
        """Whether a layer is wrong in the run of the whole model, and not in isolation."""
        result, alone = self.current(index), self.isolated(index)
        if result is None or alone is None or not result.chained.verdict.wrong:
            return False
        return alone.verdict.healthy and not self.not_alone(index)

    def watched(self) -> list[int]:
        """The layers that round more than usual, and are not wrong."""
        results = ((index, self.current(index)) for index in range(len(self.layers)))
        return [i for i, each in results if each and each.chained.verdict is Verdict.WATCH]

    def not_alone(self, index: int) -> bool:
        """Whether PyTorch's input does not fit a layer: it can't be judged alone."""
        divergence = self.isolated(index)
        return divergence is not None and divergence.verdict is Verdict.UNSEEN

    def seen_first(self, index: int) -> list[int]:
        """A layer, after the one in it whose wrong value it is blamed for, where that is
        not known to be wrong by itself."""
        first = self._first_wrong()
        if first is None or first == index or not self.not_alone(first):
            return [index]
        return [first, index] if index in self._parents(first) else [index]

    def faults_before(self, index: int) -> list[int]:
        """The faults that can make a layer's input wrong: those that run before it, and
        the layers around it, in whose code it is called."""
        around, name = self._parents(index), self.layers[index].name
        return [
            fault
            for fault in self.faults()
            if fault in around or (fault < index and name not in self.with_parents(fault))
        ]

    def trend(self, index: int) -> Trend | None:
        """What the last save did to a layer, or None where nothing can be compared."""
        now, before = self.current(index), self.before.get(index)
        if now is None or before is None:
            return None
        return trend_between(before.chained, now.chained)
