"""What an engine does of itself once layers have run, in the order in which a person wants
to know: what is wrong alone, where it begins, why, and what follows from it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from debug.causes.explainer import Explainer
from debug.causes.lines import LoadedCandidate
from debug.causes.wiring import with_one_mistake
from debug.engine import jobs
from debug.engine.background import Job
from debug.engine.comparisons import Comparisons
from debug.engine.corrections import Corrections
from debug.engine.elsewhere import CompareElsewhere
from debug.engine.shares import FindShares
from debug.engine.whereabouts import Whereabouts
from debug.experiments.isolation import Isolation
from debug.experiments.probes import Variables
from debug.measure.truth import Truth
from debug.pause import Pause
from debug.protocol.messages import Message
from debug.protocol.values import Finding
from debug.protocol.verdict import Verdict
from debug.reference.recorded_layers import RecordedLayers
from debug.results.run import Run
from debug.subject import Subject


@dataclass(frozen=True)
class Tools:
    """What the jobs have in common with the rest of a session."""

    comparisons: Comparisons
    isolation: Isolation
    whereabouts: Whereabouts
    explainer: Explainer
    recordings: RecordedLayers


@dataclass(frozen=True)
class Hears:
    """Who is told what the jobs find."""

    corrections: Corrections
    """What changes that was said of a layer."""
    told: Run
    """All that was told so far."""
    pause: Pause
    emit: Callable[[Message], None]


def idle_work(
    subject: Subject, truths: Mapping[str, Truth], tools: Tools, hears: Hears
) -> list[Job]:
    pause, emit, corrections = hears.pause, hears.emit, hears.corrections

    def explain(
        name: str, code: LoadedCandidate, pause: Pause
    ) -> Mapping[str, Sequence[Finding]]:
        explained = tools.explainer.explain(name, code, pause)
        return with_one_mistake(name, explained, code, tools.recordings)

    causes = jobs.FindCauses(truths, explain, pause, emit)

    def found_wrong(index: int) -> None:
        corrections.wrong_alone(index)
        causes.add(index)

    borders = jobs.FindBorders(
        list(truths), tools.whereabouts, corrections.moved, found_wrong, pause
    )
    again = corrections.again
    rounding = jobs.ExplainRounding(truths, tools.comparisons, again, pause)

    def found(index: int, verdict: Verdict) -> None:
        (borders if verdict.wrong else rounding).add(index)
        if not verdict.wrong:
            causes.watch(index)

    compared = tools.comparisons, tools.isolation, tools.whereabouts
    variables = Variables(tools.recordings, truths)
    return [
        jobs.IsolateLayers(subject, truths, tools.isolation, found, emit),
        borders,
        CompareElsewhere(subject, truths, compared, again, emit, pause),
        rounding,
        jobs.CompareProbes(subject, truths, variables, emit),
        causes,
        jobs.CompareOutcome(subject, truths, pause, emit),
        FindShares(subject, truths, tools.recordings, hears.told, pause, emit),
        jobs.CompareWithoutTaps(subject, truths, emit),
    ]
