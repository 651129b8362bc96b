"""The root causes of a run: one for each guilty line, whatever the number of layers.

One mistake in a block's code is a mistake in each of its instances: twelve layers are wrong
at one line for one reason. That is one root cause with twelve layers. So it is with a block
that holds another block's weights, which the alignment has said already.

While layers are still being looked into, a layer that differs may have got its error from
elsewhere, or have the mistake that was just found in another: it is called a root cause
only once a mistake was found in it, or all was tried.
"""

import re
from dataclasses import dataclass
from typing import NamedTuple

from debug.protocol.values import Cause, Finding, Place
from debug.protocol.verdict import Verdict
from debug.results.run import Run
from debug.results.why import place_of, reasons, why

CALL, NUMBER = re.compile(r"#\d+"), re.compile(r"\d+")
"""In names: which call of a module it is, and which of several modules."""
WHICH = re.compile(r"(?<![\w.])(?:[a-zA-Z_]\w*\.)+(?:\w+\.)*\d+\.(?=[a-zA-Z_])")
"""Of a name in a text, all up to its last number: which one of several modules it is."""
INSTANCE = re.compile(r"(?<=[a-z]\.)\d+")
"""The number in a name that ends in it, as ``blocks.0``."""
UNEXPLAINED = "no single operation is off by more than rounding"


@dataclass(frozen=True)
class Mistake:
    """Where and why a layer is wrong. In every instance of the code it is the same, though
    the share that it explains is another in each."""

    place: Place | None
    kind: str
    """The layer's name without numbers: that of each of its instances."""
    hypothesis: str
    """In words that name no instance."""
    complete: bool
    why: str
    """With the share, as a person reads it."""
    cause: Cause | None = None
    """The likeliest, in fields, where there is one."""
    reference: Place | None = None
    """The reference's line for the same step."""
    in_call: bool = False
    """Whether the line only calls the layer, and the mistake is where it was made: one
    wrong number may be that of several."""

    def is_also(self, other: "Mistake") -> bool:
        """Whether it is one mistake. What is explained in part only, or not at all, is so
        in other words in each instance."""
        same_place = self.place == other.place or (self.in_call and other.in_call)
        if same_place and self._has_number_of(other):
            return True
        if self._lacks_the_same_as(other) or self._is_in_one_line_with(other):
            return True
        if self.place == other.place and self.kind == other.kind and self.complete:
            return not other.complete or self.hypothesis == other.hypothesis
        if (self.place, self.complete) != (other.place, other.complete):
            return False
        alike = self.kind == other.kind and not self.complete
        return alike or self.hypothesis == other.hypothesis

    def _lacks_the_same_as(self, other: "Mistake") -> bool:
        """Whether both are the same thing done to one line of the reference, in two places
        of the code that its result goes to, such as a residual that is not added."""
        both = self.complete and other.complete and self.kind == other.kind
        same = self.hypothesis == other.hypothesis and self.reference == other.reference
        return both and same and self.reference is not None

    def _is_in_one_line_with(self, other: "Mistake") -> bool:
        """Whether one line does the same thing to several values, as in a loop or a
        function that is called for each of them."""
        one, two = self.cause, other.cause
        if one is None or two is None or not (self.complete and other.complete):
            return False
        is_own = self.place is not None and not (self.in_call or other.in_call)
        same = self.place == other.place and one.kind == two.kind
        return is_own and same and one.kind is not None

    def _has_number_of(self, other: "Mistake") -> bool:
        """Whether both are the same wrong number of the same thing, and nothing else."""
        one, two = self.cause, other.cause
        if one is None or two is None or not (self.complete and other.complete):
            return False
        is_number = isinstance(one.wrong, float) and one.kind is not None
        same = (one.kind, one.right, one.wrong) == (two.kind, two.right, two.wrong)
        return is_number and same


class RootCause(NamedTuple):
    """A mistake, and the layers that have it, in order of computation."""

    mistake: Mistake
    layers: list[int]
    share: float | None = None
    """What it makes of the final error by itself, where that was worked out."""

    @property
    def place(self) -> Place | None:
        return self.mistake.place

    @property
    def why(self) -> str:
        return self.mistake.why


def root_causes(run: Run) -> list[RootCause]:
    """Every mistake that is known, the culprit's first; none in a healthy run."""
    culprit = run.culprit()
    if culprit is None:
        return []
    known = run.finding(culprit)
    found: list[RootCause] = []
    if run.settled or known is not None:
        found.append(RootCause(_mistake(run, culprit, known), [culprit]))
    for index in run.faults():
        for finding in run.findings(index) or [None]:
            is_open = finding is None and not run.settled
            if is_open or (index == culprit and finding is known):
                continue
            if finding is None and (around := _follows_from(run, index, found)):
                around.layers.append(index)
                continue
            mistake = _mistake(run, index, finding)
            same = next((each for each in found if each.mistake.is_also(mistake)), None)
            if same is None:
                found.append(RootCause(mistake, [index]))
            elif index not in same.layers:
                same.layers.append(index)
    return [each._replace(share=run.shares.get(each.layers[0])) for each in found]


def _follows_from(run: Run, index: int, found: list[RootCause]) -> RootCause | None:
    """The root cause of a layer in which none was found: that of another call of the same
    code, or the one for which it is never called, if that names it."""
    result, name = run.current(index), run.layers[index].name
    own = CALL.sub("", name)
    if result is not None and result.chained.verdict is Verdict.MISSING:
        named = re.compile(rf"(?<![\w.]){re.escape(own)}(#\d+)?(?![\w.#])")
        for root in found:
            if root.mistake.complete and named.search(root.why):
                return root
    for root in found:
        around = {n for each in root.layers for n in run.with_parents(each)}
        if name != own and own in {CALL.sub("", each) for each in around}:
            return root
    return None


def layers_with(run: Run, index: int, finding: Finding) -> list[int]:
    """The layers that have the mistake which was found in one of them."""
    mistake = _mistake(run, index, finding)
    roots = (root for root in root_causes(run) if index in root.layers)
    return next((root.layers for root in roots if root.mistake.is_also(mistake)), [])


def _mistake(run: Run, index: int, finding: Finding | None) -> Mistake:
    own = CALL.sub("", run.layers[index].name)
    kind = NUMBER.sub("#", own)
    if finding is None:
        [said] = why(run, index) or [UNEXPLAINED]
        return Mistake(place_of(run, index), kind, said, False, said)
    place = finding.place or place_of(run, index)
    called = run.loaded.places.get(run.layers[index].name) if run.loaded else None
    [told] = reasons(finding, most=1)
    if not finding.causes:
        return Mistake(place, kind, told, False, told, None, finding.reference)
    likeliest = finding.causes[0]
    doubt = _doubt_about(run, own)
    if doubt and likeliest.complete and likeliest.weight is not None:
        return Mistake(None, kind, doubt, True, doubt, likeliest)
    said = _within(likeliest.weight or "", likeliest.hypothesis)  # one function has many
    said, complete = INSTANCE.sub("#", _within(own, said)), likeliest.complete
    in_call = place is not None and place == called
    reference = finding.reference
    return Mistake(place, kind, said, complete, told, likeliest, reference, in_call)


def _within(layer: str, hypothesis: str) -> str:
    """A hypothesis as the layer and those around it would say it: without their names, and
    without those of other layers around."""
    said, around = CALL.sub("", hypothesis), layer
    while around:
        said = said.replace(f"{around}.", "")
        around = around.rpartition(".")[0]
    return WHICH.sub("", said)


def _doubt_about(run: Run, layer: str) -> str:
    """What the alignment says of the weights of a layer around one."""
    pairs = run.aligned.pairs if run.aligned else ()
    found = (each.doubt for each in pairs if layer.startswith(f"{each.layer}."))
    return next((doubt for doubt in found if doubt), "")
