"""Looks into a layer that is wrong in isolation: where in its own code, and why.

A layer's code is cut into segments (`debug.causes.segment`). For each whose end is wrong,
the culprit operation gives the line, the search gives the causes (`debug.causes.search`),
and the two make a `Finding`. Nothing here knows which model it is.
"""

import math
from collections.abc import Mapping
from dataclasses import replace

import torch

from debug.candidate.interpreter import LazyValue
from debug.candidate.max_internals import ValueKey
from debug.candidate.operations import Operation
from debug.candidate.program import Program
from debug.causes.cutting import misfits, segments
from debug.causes.hypotheses.operands import Kind
from debug.causes.lines import (
    LoadedCandidate,
    blamed,
    line_in_own_code,
    line_of,
    place_of,
    where_to_mend,
)
from debug.causes.passed import finding_of, passed_elsewhere
from debug.causes.pattern import pattern_of
from debug.causes.search import Keys, Tried, find_causes
from debug.causes.segment import Segment
from debug.experiments.counterfactual import Counterfactual, counterfactual
from debug.measure.self_test import sensitivity
from debug.measure.statistics import finite
from debug.measure.truth import Truth
from debug.pause import Pause, go_on
from debug.protocol.values import Cause, Finding, Sensitivity
from debug.reference.recorded_layers import RecordedLayers
from debug.reference.recording import Recording
from debug.subject import Subject, row_of

SHOWN_CAUSES = 5
WORTH_SHOWING = 0.5


class Explainer:
    """Holds the reference's side of what it looks into, which no edit changes."""

    def __init__(
        self, subject: Subject, truths: Mapping[str, Truth], recordings: RecordedLayers
    ) -> None:
        self._subject, self._truths, self._recordings = subject, truths, recordings
        self._joined = {each.name for each in subject.layers if each.begins is not None}
        """Layers that the candidate computes with the one before."""
        self._program: Program | None = None
        self._likely: set[Keys] = set()
        """What explained other layers of this program."""

    def explain(
        self, name: str, code: LoadedCandidate, pause: Pause = go_on
    ) -> dict[str, list[Finding]]:
        """The mistakes in a layer's own code, by the layer that each is about.

        That is the layer itself, or one within that the candidate never calls. Nothing
        is known of a layer that the reference's values do not fit into.

        Raises:
            Interrupted: ``pause`` says that something else is wanted.
        """
        if code.program is not self._program:
            self._program, self._likely = code.program, set()
        found_segments = self.segments(name, code, pause)
        passed = self._passed(name, code, found_segments)
        if found_segments is None:
            return passed
        findings, mistakes = self._explained(name, found_segments, code)
        if passed:
            own = findings.get(name, [])
            explained = [f for f in own if f.causes and f.causes[0].complete]
            passed[name] = [*passed.get(name, []), *explained]
            return {**findings, **passed}
        if mistakes == 1 or not (uncalled := self._uncalled(name, code)):
            return findings
        # Layers that the candidate does not call have their code in this one's.
        with torch.inference_mode():
            recording = self._recordings.with_code_of(name, uncalled)
            whole = self._cut(name, recording, code, pause)
        inlined, fewer = self._explained(name, whole or [], code)
        if mistakes is not None and (fewer is None or fewer >= mistakes):
            return findings
        return inlined if _all_explained(inlined) else findings

    def _explained(
        self, name: str, found_segments: list[Segment], code: LoadedCandidate
    ) -> tuple[dict[str, list[Finding]], int | None]:
        """The findings, and how many mistakes they are; None if there are none, or one has
        no complete cause that is more than a fit of many numbers."""
        findings: dict[str, list[Finding]] = {name: []}
        mistakes: list[int] = []
        for segment in found_segments:
            is_other = segment.is_elsewhere and not segment.steps
            if segment.wrong and not is_other:  # such as positions where PyTorch passes ids
                with torch.inference_mode():
                    found = find_causes(segment, likely=self._likely)
                found = _told_as_order(segment, found)
                best = found[0].hypothesis if found and found[0].complete else None
                is_sure = best is not None and best.kind is not Kind.VAGUE
                if best is not None and is_sure:
                    self._likely.add(best.keys)
                about = self._never_called(segment, found, code) or name
                finding = _finding(segment, found, name, code)
                findings.setdefault(about, []).append(finding)
                mistakes.append(len(best.keys) if best is not None and is_sure else 0)
        return findings, sum(mistakes) if mistakes and all(mistakes) else None

    def _uncalled(self, name: str, code: LoadedCandidate) -> list[str]:
        """The layers within one, at any depth, that the candidate does not have."""
        found = [
            layer.name
            for layer in self._subject.layers
            if layer.parent == name and layer.name not in code.program.layers
        ]
        within = [each for part in found for each in self._uncalled(part, code)]
        return [*found, *within]

    def segments(
        self, name: str, code: LoadedCandidate, pause: Pause = go_on
    ) -> list[Segment] | None:
        if name in self._joined:  # the reference has no code that is this layer's alone
            return None
        with torch.inference_mode():
            recording = self._recordings.of(name)
            found = self._cut(name, recording, code, pause)
            if found is None:
                found = self._cut_around_misfits(name, recording, code, pause)
            for number, segment in enumerate(found or []):
                part = segment.target.layer
                if found and segment.is_elsewhere and self._is_leaf(part, code):
                    recording = self._recordings.opened(name, part)
                    opened = self._cut(name, recording, code, pause)
                    found[number : number + 1] = opened or [segment]
            return found

    def _passed(
        self, name: str, code: LoadedCandidate, found_segments: list[Segment] | None
    ) -> dict[str, list[Finding]]:
        """Values that the layer is wrongly passed, by the layer that each is about."""
        found: dict[str, list[Finding]] = {}
        if name in self._joined:
            return found
        right = {str(each.target) for each in found_segments or () if not each.wrong}
        told = set[tuple[ValueKey, str]]()  # keys and values are passed the same
        for each in passed_elsewhere(name, code, self._truths, self._recordings):
            what = each.target.key, each.there
            if what not in told and str(each.target) not in right:
                told.add(what)
                about = each.there if each.left_out else name
                found.setdefault(about, []).append(finding_of(each, code))
        return found

    def _cut(
        self, name: str, recording: Recording, code: LoadedCandidate, pause: Pause
    ) -> list[Segment] | None:
        row = row_of(self._subject, self._truths[name].shape)
        return segments(name, recording, code.program, self._truths, code.kept, pause, row)

    def _cut_around_misfits(
        self, name: str, recording: Recording, code: LoadedCandidate, pause: Pause
    ) -> list[Segment] | None:
        """With the code of layers whose results don't fit counted as this one's own."""
        parts = misfits(name, recording, code.program, self._truths)
        if not parts or not all(self._is_leaf(part, code) for part in parts):
            return None
        recording = self._recordings.with_code_of(name, parts)
        return self._cut(name, recording, code, pause)

    def _is_leaf(self, name: str, code: LoadedCandidate) -> bool:
        """Whether a layer has a result on both sides, and no layers within."""
        around = {layer.parent for layer in self._subject.layers}
        return name in code.program.layers and name not in around | self._joined

    def counterfactual(
        self, name: str, code: LoadedCandidate, computed: Mapping[str, LazyValue]
    ) -> Counterfactual | None:
        """What the whole model would return if the layer alone were right, or wrong."""
        return counterfactual(
            name,
            self._subject,
            self._truths,
            code.program,
            computed,
            self._recordings.wide,
            code.kept,
        )

    def self_test(self, name: str) -> Sensitivity:
        """The smallest error in a layer that the verdict would notice."""
        return sensitivity(self._truths[name], self._subject.dtype.name)

    def _never_called(
        self, segment: Segment, found: list[Tried], code: LoadedCandidate
    ) -> str | None:
        """The layer whose absence is the cause. One that is computed joined with others is
        there, and is not taken."""
        if not found or not found[0].complete:
            return None
        left_out = found[0].hypothesis.left_out
        if left_out in code.program.layers:
            return None
        is_joined = any(left_out in each.layers for each in segment.joined)
        return None if is_joined else left_out


def _all_explained(findings: Mapping[str, list[Finding]]) -> bool:
    found = [finding for each in findings.values() for finding in each]
    return bool(found) and all(
        finding.causes and finding.causes[0].complete for finding in found
    )


def _finding(
    segment: Segment, found: list[Tried], layer: str, code: LoadedCandidate
) -> Finding:
    best = found[0].hypothesis if found and found[0].explains > WORTH_SHOWING else None
    index = blamed(segment, best)
    op = None if index is None else segment.operations[index]
    matches = segment.matches[index] if index is not None else []
    steps = segment.frontier
    if best is not None and best.replaced_steps:
        steps = [
            step for step in segment.steps if step.result in best.replaced_steps
        ] or steps
    line = None if index is None else line_of(segment, index)
    if index is not None and best is not None and best.extra:
        line = line_in_own_code(segment, index, code.places.get(layer))
    return Finding(
        str(segment.target),
        segment.target.layer if segment.target.is_input else None,
        op.name if op else None,
        where_to_mend(place_of(segment, best, line, code), best, layer, code),
        steps[0].place if steps else None,
        str(matches[0]) if matches else "",
        _messages(found)
        if op is None or op.finite or segment.is_finite
        else [_first_infinite(segment, op)],
        "" if found and found[0].complete else pattern_of(segment),
    )


def _told_as_order(segment: Segment, found: list[Tried]) -> list[Tried]:
    """A layer that takes the result of one that comes after it is in another place."""
    target, results = segment.target, segment.recording.results
    if not found or not found[0].complete or not target.is_input:
        return found
    order, best = list(results), found[0].hypothesis
    taken = next((name for name in order if results[name] == best.takes), None)
    if target.layer not in order or taken is None:
        return found
    if order.index(taken) <= order.index(target.layer):
        return found
    text = f"{target.layer} comes after {taken} instead of before it: {best.text}"
    told = replace(found[0], hypothesis=replace(best, text=text))
    return [told, *found[1:]]


def _messages(found: list[Tried]) -> list[Cause]:
    return [
        Cause(
            cause.hypothesis.text,
            round(cause.explains, 6),
            finite(cause.ratio),
            cause.hypothesis.weight,
            cause.hypothesis.about,
            cause.hypothesis.right,
            cause.hypothesis.wrong,
        )
        for cause in found[:SHOWN_CAUSES]
    ]


def _first_infinite(segment: Segment, op: Operation) -> Cause:
    """Where NaN or Inf come from is seen, not supposed."""
    used = [segment.operations[index].numbers for index in op.operands]
    if op.has_nan and any(bool(torch.isinf(value).any()) for value in used):
        text = f"{op.name} makes NaN of minus infinity: a mask that leaves a row nothing?"
        if op.name == "mul":
            text = "mul makes NaN of zero times infinity"
        return Cause(text, 1.0, None)
    largest = max((value.abs().max().item() for value in used), default=math.nan)
    of = f"finite values up to {largest:.4g}" if math.isfinite(largest) else "infinite ones"
    text = f"{op.name} makes the first NaN or Inf, of {of}"
    if op.value.dtype == torch.float16 and not op.has_nan:
        text += f"; float16 ends at {torch.finfo(torch.float16).max:,.0f}"
    return Cause(text, 1.0, None)
