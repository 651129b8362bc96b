"""``maxwhisper check``: the whole comparison as a table or as JSON.

This file is the command and the object that ``--json`` prints; `check_table` prints the
table for a person.
"""

import sys
from argparse import ArgumentParser, Namespace
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from debug.protocol.diagnostic import Problem
from debug.protocol.messages import Probed
from debug.protocol.values import Divergence, Stats
from debug.protocol.verdict import Verdict
from debug.results.run import Run
from debug.results.why import place_of
from tui import words
from tui.commands.check_table import print_answer, print_table
from tui.commands.output import print_json
from tui.commands.shared.event_log import EventLog
from tui.commands.shared.faults import causes, findings, root_causes_as_fields
from tui.commands.shared.headless import run_as_far_as_it_goes
from tui.paths import relative
from tui.report.contents import contents_of
from tui.report.junit import as_junit, error_as_junit, refuse_junit
from tui.report.render import as_markdown
from tui.saving import save_text
from tui.settings import Settings, add_subject_options, complain, settings_of

SUMMARY = "compare every layer; exit status 1 if one is wrong"
CLOSE = (Verdict.OK, Verdict.WATCH)


def add_arguments(parser: ArgumentParser) -> None:
    add_subject_options(parser)
    parser.add_argument(
        "--only-wrong", action="store_true", help="a table of the rows that are not ok"
    )
    parser.add_argument(
        "--markdown",
        action="store_true",
        help="what an issue needs: the answer, the wrong layers, the versions",
    )
    parser.add_argument(
        "--junit", metavar="FILE", help="write test results, too: a case a layer, as XML"
    )
    parser.add_argument(
        "--quiet",
        action="store_true",
        help="no table and no progress: the verdict and the root causes",
    )


def run(arguments: Namespace, log: EventLog) -> int:
    _refuse_contradictions(arguments)
    settings = settings_of(arguments)
    compared = _compared(arguments, settings, log)
    if arguments.json:
        print_json(report(compared))
    elif arguments.markdown:
        contents = contents_of(compared, settings.options, datetime.now())
        print(as_markdown(contents, whole=False), end="")
    elif arguments.quiet:
        print_answer(compared)
    else:
        print_table(compared, arguments.only_wrong, answer_first=sys.stdout.isatty())
    if (error := words.could_not_run(compared)) is not None:
        log.write("problem", kind=error.kind, message=str(error))
        return complain("maxwhisper", error)
    return exit_status(compared)


def _compared(arguments: Namespace, settings: Settings, log: EventLog) -> Run:
    """The run, and its file of test results where one is wanted: a file of an earlier run
    must not stand for one that could not even begin.

    Raises:
        Problem: it could not begin, or its results can't be written.
    """
    if arguments.junit is None:
        return run_as_far_as_it_goes(settings, log, arguments.quiet)
    path = Path(arguments.junit)
    refuse_junit(path)  # before the comparison, not after it
    try:
        compared = run_as_far_as_it_goes(settings, log, arguments.quiet)
    except Problem as problem:
        save_text(path, error_as_junit(problem.diagnostic))
        raise
    save_text(path, as_junit(compared))
    return compared


def _refuse_contradictions(arguments: Namespace) -> None:
    """
    Raises:
        Problem: a table is asked for, and something else in its place.
    """
    for other in ("json", "quiet", "markdown"):
        if arguments.only_wrong and getattr(arguments, other):
            message = f"--only-wrong is about the table, and --{other} prints none"
            raise Problem("arguments", f"{message}; leave one of them out")
    if arguments.json and arguments.markdown:
        message = "--json and --markdown both say what is printed"
        raise Problem("arguments", f"{message}; leave one of them out")


def exit_status(run: Run) -> int:
    """0 if all is ok, or close enough to be watched only; 1 if something is wrong, or if a
    port's alignment is in doubt."""
    return 0 if run.verdict() in CLOSE and not run.doubts else 1


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
