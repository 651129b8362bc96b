"""The object that ``maxwhisper check --json`` prints: schema 1, to which keys are added."""

from typing import Any

import msgspec

from debug.protocol.messages import Probed
from debug.protocol.statistics import Stats
from debug.protocol.values import Divergence
from debug.results.run import Run
from debug.results.why import place_of
from tui import words
from tui.commands.shared.faults import causes, findings, root_causes_as_fields
from tui.paths import relative


def report(run: Run) -> dict[str, Any]:
    """The object that ``--json`` prints, schema 1."""
    opened, loaded = run.opened, run.loaded
    assert opened is not None
    assert loaded is not None
    have_run = [
        (index, layer) for index, layer in enumerate(run.layers) if index in run.results
    ]
    rows = {layer.name: _row(run, index) for index, layer in have_run}
    inputs = [rows.pop(layer.name) for _, layer in have_run if layer.is_input]
    return {
        "schema": 1,
        "verdict": run.verdict().value,
        "engine": opened.mode.value,
        "device": opened.device,
        "dtype": opened.dtype,
        "emulated": run.emulated,
        "model": opened.model,
        "audio": opened.audio,
        "graph": relative(opened.graph),
        "seconds": {
            "load": opened.seconds_load,
            "reference": opened.seconds_reference,
            "candidate": loaded.seconds + run.seconds,
        },
        "error": _error(run),
        "warnings": opened.warnings,
        "doubts": run.doubts,
        "notes": words.notes(run),
        "failures": [str(failure) for failure in run.failures],
        "culprit": _culprit(run),
        "faults": [run.layers[index].name for index in run.faults()],
        "causes": causes(run, run.culprit()),
        "root_causes": root_causes_as_fields(run),
        "findings": findings(run),
        "outcome": msgspec.to_builtins(run.outcome),
        "untapped": _without_taps(run),
        "inputs": inputs,
        "layers": list(rows.values()),
        "probes": [_probe(probed) for probed in run.probed],
    }


def _error(run: Run) -> dict[str, Any] | None:
    """Why the layers that are not there did not run."""
    if (error := words.could_not_run(run)) is None:
        return None
    file = relative(error.path) if error.path else None
    place = {"file": file, "line": error.line}
    return {"kind": error.kind, "message": str(error), **place}


def _culprit(run: Run) -> dict[str, Any] | None:
    index = run.culprit()
    if index is None:
        return None
    place, finding = place_of(run, index), run.finding(index)
    return {
        "layer": run.layers[index].name,
        "op": finding.op if finding else None,
        "file": relative(place.path) if place else None,
        "line": place.line if place else None,
        "kind": "isolated" if run.wrong_in_isolation(index) else "chained",
    }


def _row(run: Run, index: int) -> dict[str, Any]:
    layer, result, isolated = run.layers[index], run.results[index], run.isolated(index)
    return {
        "name": layer.name,
        "shape": layer.reference.shape,
        "reference": _stats(layer.reference),
        "candidate": _stats(result.candidate) if result.candidate else None,
        "chained": _divergence(result.chained),
        "isolated": _divergence(isolated) if isolated else None,
    }


def _probe(probed: Probed) -> dict[str, Any]:
    place = probed.place
    return {
        "name": probed.name,
        "file": relative(place.path) if place else None,
        "line": place.line if place else None,
        "reference": _stats(probed.reference) if probed.reference else None,
        "candidate": _stats(probed.candidate) if probed.candidate else None,
        "chained": _divergence(probed.chained) if probed.chained else None,
        "isolated": _divergence(probed.isolated) if probed.isolated else None,
        "note": probed.note,
    }


def _without_taps(run: Run) -> dict[str, Any] | None:
    """Of a compiled graph, what it gives without taps."""
    if (found := run.without_taps) is None:
        return None
    apart = {"tapped": found.from_tapped, "interpreted": found.from_interpreted}
    return {**_divergence(found.divergence), "rel_l2_from": apart}


def _stats(stats: Stats) -> dict[str, Any]:
    """Every field of it: a new statistic is a new key."""
    return msgspec.structs.asdict(stats)


def _divergence(divergence: Divergence) -> dict[str, Any]:
    names = ("rel_l2", "ratio", "max_abs", "max_abs_at", "cosine_distance", "reason")
    numbers = {name: getattr(divergence, name) for name in names}
    for name in ("channel", "frame", "head"):
        worst = getattr(divergence, name)
        fields = ("index", "ratio", "rel_l2", "verdict")
        numbers[name] = {f: getattr(worst, f) for f in fields} if worst else None
    return {**numbers, "verdict": divergence.verdict.value}
