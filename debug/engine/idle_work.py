"""What an engine does of itself once layers have run, in the order in which a person wants
to know: what is wrong alone, where it begins, why, and what follows from it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from debug.causes.explainer import Explainer
from debug.engine import jobs
from debug.engine.background import Job
from debug.engine.corrections import Corrections
from debug.engine.whereabouts import Whereabouts
from debug.experiments.isolation import Isolation
from debug.experiments.probes import Variables
from debug.measure.truth import Truth
from debug.pause import Pause
from debug.protocol.messages import Message
from debug.protocol.verdict import Verdict
from debug.reference.recorded_layers import RecordedLayers
from debug.subject import Subject


@dataclass(frozen=True)
class Tools:
    """What the jobs have in common with the rest of a session."""

    isolation: Isolation
    whereabouts: Whereabouts
    explainer: Explainer
    recordings: RecordedLayers


@dataclass(frozen=True)
class Hears:
    """Who is told what the jobs find."""

    corrections: Corrections
    """What changes that was said of a layer."""
    pause: Pause
    emit: Callable[[Message], None]


def idle_work(
    subject: Subject, truths: Mapping[str, Truth], tools: Tools, hears: Hears
) -> list[Job]:
    pause, emit, corrections = hears.pause, hears.emit, hears.corrections
    causes = jobs.FindCauses(truths, tools.explainer, pause, emit)

    def found_wrong(index: int) -> None:
        corrections.wrong_alone(index)
        causes.add(index)

    borders = jobs.FindBorders(
        list(truths), tools.whereabouts, corrections.moved, found_wrong, pause
    )
    rounding = jobs.ExplainRounding(truths, corrections.rounds, pause)

    def found(index: int, verdict: Verdict) -> None:
        (borders if verdict.wrong else rounding).add(index)

    variables = Variables(tools.recordings, truths)
    return [
        jobs.IsolateLayers(subject, truths, tools.isolation, found, emit),
        borders,
        rounding,
        jobs.CompareProbes(subject, truths, variables, emit),
        causes,
        jobs.CompareOutcome(subject, truths, pause, emit),
        jobs.CompareWithoutTaps(subject, truths, emit),
    ]
