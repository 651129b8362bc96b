"""What was heard of a run so far: the last word of its events on each layer.

Results of an earlier generation stay until the new one has its own, so that a bad save
never empties the screen; what is asked of a layer is answered by this generation alone.
"""

from dataclasses import dataclass, field

from msgspec.structs import replace

from debug.protocol.diagnostic import FAILED, Diagnostic
from debug.protocol.message import Message
from debug.protocol.messages import (
    Aligned,
    Compared,
    ComparedWithoutTaps,
    Explained,
    Failed,
    Idle,
    Isolated,
    Loaded,
    NotPossible,
    Opened,
    OutcomeKnown,
    Probed,
    ShareKnown,
    Stopped,
)
from debug.protocol.values import (
    Divergence,
    Finding,
    Layer,
    Outcome,
    UnpairedModule,
    doubts_of,
)
from debug.protocol.verdict import Verdict, overall

ELSEWHERE = Divergence(
    Verdict.UNSEEN,
    reason="can't be compared alone: it is right in the run, on another value than "
    "PyTorch's layer takes",
)
"""Of a layer whose module begins elsewhere, as one that has the norm before it in it."""


@dataclass
class Heard:
    """What is known so far. `apply` is told every event, in order."""

    opened: Opened | None = None
    loaded: Loaded | None = None
    aligned: Aligned | None = None
    """Which layer is which module, of the last generation that had to find out."""
    position: int = -1
    """The last layer that this generation has computed."""
    results: dict[int, Compared] = field(default_factory=dict)
    """By index, of this generation or, where it has none yet, of an earlier one."""
    isolated_events: dict[int, Isolated] = field(default_factory=dict)
    """By index, the layers in isolation, of this generation or an earlier one."""
    explained: dict[int, Explained] = field(default_factory=dict)
    """By index, what was found in the layers' own code, of this generation or earlier."""
    shares: dict[int, float] = field(default_factory=dict)
    """By the first layer of a root cause, the share of the final error that it makes by
    itself, of this generation."""
    outcome_known: OutcomeKnown | None = None
    """What the final result is used for, of this generation or an earlier one."""
    without_taps: ComparedWithoutTaps | None = None
    """What the graph gives without taps, of the generation that was compiled last."""
    probed: list[Probed] = field(default_factory=list)
    """What the source's probes found, of this generation."""
    before: dict[int, Compared] = field(default_factory=dict)
    """By index, what `results` held one generation earlier."""
    failures: list[Diagnostic] = field(default_factory=list)
    """What the debugger itself failed at in this generation; the results stand."""
    reopened: bool = False
    """Whether an engine has opened the subject that has yet to load the candidate."""
    settled: bool = False
    """Whether all that can be said of what was computed was said: the isolated runs and the
    causes, which may move the blame to another layer."""
    stale: Diagnostic | None = None
    """Why the results are not those of the source on disk."""
    seconds: float = 0.0

    def apply(self, event: Message) -> None:
        match event:
            case Opened():
                if self._names != [layer.name for layer in event.layers]:
                    self.results, self.before = {}, {}
                    self._outdate()
                self.opened, self.reopened = event, True
            case Loaded():
                if self.reopened:
                    self._outdate()
                self.loaded, self.reopened = event, False
                self.position = -1
                self.stale = None
                self.settled = False
                self.probed, self.failures, self.shares = [], [], {}
            case Aligned():
                self.aligned = event
            case Compared():
                before = self.results.get(event.index)
                # A layer is compared again where its value turned out to be elsewhere.
                if before is not None and before.generation != event.generation:
                    self.before[event.index] = before
                self.results[event.index] = event
                self.position = max(self.position, event.index)
                self.settled = False
            case Isolated():
                self.isolated_events[event.index] = event
            case Explained():
                self.explained[event.index] = event
            case ShareKnown():
                self.shares[event.index] = event.share
            case OutcomeKnown():
                self.outcome_known = event
            case ComparedWithoutTaps():
                self.without_taps = event
            case Probed():
                self.probed.append(event)
            case Stopped():
                self.position = event.position
                self.seconds = event.seconds
            case NotPossible(diagnostic) if diagnostic.kind == FAILED:
                self.failures.append(diagnostic)
            case Idle():
                self.settled = True
            case Failed():
                self.stale = event.diagnostic
            case _:  # nothing to keep
                pass

    def _outdate(self) -> None:
        """What another engine has found is of a generation before the first of this one."""
        self.results = {
            index: replace(result, generation=0) for index, result in self.results.items()
        }
        self.isolated_events, self.explained, self.outcome_known = {}, {}, None
        self.settled = False

    def forget(self) -> None:
        """Before another input, model or precision runs: no number of this one is a measure
        for the next. The layers stay until the next has its own."""
        self.results, self.before = {}, {}
        self.isolated_events, self.explained, self.probed = {}, {}, []
        self.loaded = self.outcome_known = self.without_taps = self.stale = None
        self.position, self.settled, self.failures = -1, False, []

    @property
    def _names(self) -> list[str]:
        return [layer.name for layer in self.layers]

    @property
    def doubts(self) -> list[str]:
        """What alignment says is likely a bug, and the numbers don't refute."""
        if self.aligned is None:
            return []
        left = [each for each in self.aligned.unpaired if each not in self.computed_within]
        return doubts_of(self.aligned.pairs, left)

    @property
    def computed_within(self) -> list[UnpairedModule]:
        """The layers whose weights no module holds, and all of whose numbers are right."""
        names = self._names
        return [
            each
            for each in self.doubtful
            if each.feeds_result
            and each.name in names
            and self._is_right(names.index(each.name))
        ]

    @property
    def doubtful(self) -> list[UnpairedModule]:
        """The modules that only one side has, and should not."""
        unpaired = self.aligned.unpaired if self.aligned else ()
        return [each for each in unpaired if each.is_error]

    def _is_right(self, index: int) -> bool:
        """Whether the layer is; of one that can't be seen, the model's result tells."""
        result, model = self.current(index), self.current(self.last)
        if result is None or model is None or result.chained.verdict.wrong:
            return False
        is_seen = result.chained.verdict is not Verdict.UNSEEN
        return is_seen or not model.chained.verdict.wrong

    @property
    def layers(self) -> list[Layer]:
        return self.opened.layers if self.opened else []

    @property
    def last(self) -> int:
        """The index of the model's last layer, -1 before its layers are known."""
        return len(self.layers) - 1

    @property
    def is_complete(self) -> bool:
        """Whether this generation has computed every layer."""
        return bool(self.layers) and self.position == self.last

    @property
    def generation(self) -> int:
        return self.loaded.generation if self.loaded else 0

    @property
    def emulated(self) -> list[str]:
        """The precisions that MAX does not compute in there, and that were emulated."""
        return self.loaded.emulated if self.loaded else []

    @property
    def uncompared(self) -> list[str]:
        """The port's inputs that are none of the reference's, and have no row."""
        return self.loaded.uncompared if self.loaded else []

    def current(self, index: int) -> Compared | None:
        """The result of this generation, if it has come that far."""
        result = self.results.get(index)
        return result if result and result.generation == self.generation else None

    def verdicts(self) -> list[Verdict]:
        results = (self.current(index) for index in range(len(self.layers)))
        return [result.chained.verdict for result in results if result]

    def verdict(self) -> Verdict:
        return overall(self.verdicts())

    def isolated(self, index: int) -> Divergence | None:
        """The layer in isolation, if this generation has come that far."""
        event = self.isolated_events.get(index)
        if event is None or event.generation != self.generation:
            return None
        return ELSEWHERE if self._is_elsewhere(index) else event.divergence

    def _is_elsewhere(self, index: int) -> bool:
        """Whether a layer is wrong on PyTorch's input of it only because it takes another
        value: it is right in the run of the whole model, and so is all before it."""
        event = self.isolated_events.get(index)
        if event is None or event.divergence.verdict.healthy:
            return False
        results = (self.current(each) for each in range(index + 1))
        return all(each and each.chained.verdict.healthy for each in results)

    def findings(self, index: int) -> list[Finding] | None:
        """The mistakes in a layer's own code; None if it was not looked into."""
        own = self._own_findings(index)
        if own is None:
            return None
        if self._says_nothing(index):
            around = self._parents(index)
            return [each for i in around for each in self._told(index, i)] or own
        mute = [i for i in self.explained if self._says_nothing(i)]
        told = [
            each for i in mute if index in self._parents(i) for each in self._told(i, index)
        ]
        return [each for each in own if each not in told]

    def _own_findings(self, index: int) -> list[Finding] | None:
        """What was found in a layer's code, without what other layers say of it."""
        event = self.explained.get(index)
        if event is None or event.generation != self.generation:
            return None
        if self._is_elsewhere(index):
            return []
        return [each for each in event.findings if not self._is_refuted(each)]

    def _says_nothing(self, index: int) -> bool:
        """Whether a layer's result has another shape, and nothing explains it: the layer
        around it may end where both sides can be compared, and have the cause."""
        alone = self.isolated_events.get(index)
        if alone is None or alone.divergence.verdict is not Verdict.INVALID:
            return False
        return not any(finding.causes for finding in self._own_findings(index) or ())

    def _told(self, index: int, around: int) -> list[Finding]:
        """The causes in a layer around one for the line that makes its result wrong."""
        own, its = self._own_findings(index) or (), self._own_findings(around) or ()
        lines = [finding.place for finding in own if finding.place is not None]
        return [each for each in its if each.causes and each.place in lines]

    def _parents(self, index: int) -> list[int]:
        """The layers around one, the innermost first."""
        indices = {layer.name: index for index, layer in enumerate(self.layers)}
        found: list[int] = []
        parent = self.layers[index].parent
        while parent in indices and indices[parent] not in found:
            found.append(indices[parent])
            parent = self.layers[found[-1]].parent
        return found

    def _is_refuted(self, finding: Finding) -> bool:
        """Whether a layer is right in the run that should have a wrong input."""
        name = finding.feeds
        result = self.current(self._names.index(name)) if name in self._names else None
        return result is not None and result.chained.verdict is Verdict.OK

    @property
    def outcome(self) -> Outcome | None:
        """What follows from this generation's result, if that was tried."""
        event = self.outcome_known
        return event.outcome if event and event.generation == self.generation else None

    def probes(self, index: int) -> list[Probed]:
        """What the probes of a layer found, in order of the source's run."""
        return [probed for probed in self.probed if probed.index == index]
