"""``maxwhisper check``: the whole comparison as a table or as JSON."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

import msgspec
from rich.table import Table
from rich.text import Text

from debug.protocol.messages import Probed
from debug.protocol.values import Divergence, Layer, Place, Stats
from debug.protocol.verdict import Verdict
from debug.results.run import Run
from tui import words
from tui.commands.output import PIPE_WIDTH, print_json, table_console
from tui.commands.shared.event_log import EventLog
from tui.commands.shared.headless import run_all
from tui.settings import add_subject_options, settings_of
from tui.themes import colour

SUMMARY = "compare every layer; exit status 1 if one is wrong"
BAR_WIDTH = 16
CLOSE = (Verdict.OK, Verdict.WATCH)
ISOLATED = 4
"""The column of what a layer does by itself."""


def add_arguments(parser: ArgumentParser) -> None:
    add_subject_options(parser)


def run(arguments: Namespace, log: EventLog) -> int:
    compared = run_all(settings_of(arguments), log)
    if arguments.json:
        print_json(report(compared))
    else:
        print_table(compared)
    return exit_status(compared)


def exit_status(run: Run) -> int:
    """0 if all is ok, or close enough to be watched only; 1 if something is wrong."""
    return 0 if run.verdict() in CLOSE else 1


def report(run: Run) -> dict[str, Any]:
    """The object that ``--json`` prints, schema 1."""
    opened, loaded = run.opened, run.loaded
    assert opened is not None
    assert loaded is not None
    rows = [_row(run, index) for index in range(len(run.layers))]
    inputs = sum(layer.is_input for layer in run.layers)
    return {
        "schema": 1,
        "verdict": run.verdict().value,
        "engine": opened.mode.value,
        "device": opened.device,
        "dtype": opened.dtype,
        "model": opened.model,
        "audio": opened.audio,
        "graph": relative(opened.graph),
        "seconds": {
            "load": opened.seconds_load,
            "reference": opened.seconds_reference,
            "candidate": loaded.seconds + run.seconds,
        },
        "culprit": _culprit(run),
        "faults": [run.layers[index].name for index in run.faults()],
        "causes": causes(run, run.culprit()),
        "outcome": msgspec.to_builtins(run.outcome),
        "untapped": _without_taps(run),
        "inputs": rows[:inputs],
        "layers": rows[inputs:],
        "probes": [_probe(probed) for probed in run.probed],
    }


def relative(path: str) -> str:
    """A path as a person in this folder would write it."""
    try:
        return str(Path(path).resolve().relative_to(Path.cwd()))
    except ValueError:
        return path


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
        "kind": run.kind(index),
    }


def causes(run: Run, index: int | None) -> list[dict[str, Any]]:
    """What explains a layer's mistake, best first."""
    finding = None if index is None else run.finding(index)
    names = ("hypothesis", "explains", "ratio", "weight")
    found = finding.causes if finding else []
    return [{name: getattr(cause, name) for name in names} for cause in found]


def place_of(run: Run, index: int) -> Place | None:
    """The line of the mistake; else the one that calls the layer, or its block."""
    finding = run.finding(index)
    if finding is not None and finding.place is not None:
        return finding.place
    layer = run.layers[index]
    places = run.loaded.places if run.loaded else {}
    return places.get(layer.name) or places.get(layer.parent or "")


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
    names = ("shape", "dtype", "mean", "std", "min", "max", "nonfinite")
    return {name: getattr(stats, name) for name in names}


def _divergence(divergence: Divergence) -> dict[str, Any]:
    names = ("rel_l2", "ratio", "max_abs", "max_abs_at", "cosine_distance", "reason")
    numbers = {name: getattr(divergence, name) for name in names}
    for name in ("channel", "frame", "head"):
        worst = getattr(divergence, name)
        fields = ("index", "ratio", "rel_l2", "verdict")
        numbers[name] = {f: getattr(worst, f) for f in fields} if worst else None
    return {**numbers, "verdict": divergence.verdict.value}


def print_table(run: Run) -> None:
    console = table_console()
    opened = run.opened
    assert opened is not None
    console.print(
        f"{opened.model} on {opened.device} in {opened.dtype}, {opened.audio}, "
        f"{relative(opened.graph)} ({opened.mode.value})"
    )
    roomy = console.width >= PIPE_WIDTH
    table = Table(box=None, pad_edge=False)
    titles = ["verdict", "layer", "shape", "R", "R alone", "rel. L2", "max abs"]
    for title in titles + (["1 - cos", "relative L2"] if roomy else []):
        numeric = title in ("R", "R alone", "rel. L2", "max abs", "1 - cos")
        # A long reason wraps; nothing else makes room for it.
        justify, no_wrap = "right" if numeric else "left", title != "relative L2"
        table.add_column(title, justify=justify, no_wrap=no_wrap)
    for index, layer in enumerate(run.layers):
        chained, isolated = run.results[index].chained, run.isolated(index)
        table.add_row(*_cells(layer, chained, isolated, roomy))
    console.print(table)
    for probed in run.probed:
        style = _style(probed.chained) if probed.chained else ""
        line = words.probed(probed, probed.name)
        console.print(Text(f"probe {line}", style), soft_wrap=True)
    console.print(conclusion(run))
    if run.without_taps is not None:
        console.print(f"Compiled, {words.without_taps(run.without_taps)}", markup=False)
    if run.outcome is not None:
        console.print(*words.outcome(run.outcome), sep="\n", markup=False)


def _cells(
    layer: Layer, chained: Divergence, isolated: Divergence | None, roomy: bool
) -> list[Text]:
    texts = [
        words.verdict(chained.verdict),
        layer.name,
        words.shape(layer.reference.shape),
        words.ratio(chained.ratio),
        words.ratio(isolated.ratio) if isolated else "",
        words.number(chained.rel_l2, 3),
        words.number(chained.max_abs, 3),
    ]
    if roomy:
        texts.append(words.number(chained.cosine_distance, 3))
        bar = words.bar(chained.rel_l2, BAR_WIDTH).rstrip()
        texts.append(chained.reason or words.spoiled(chained) or bar)
    cells = [Text(text, _style(chained)) for text in texts]
    if isolated:
        cells[ISOLATED].style = _style(isolated)
    return cells


def _style(divergence: Divergence) -> str:
    healthy = divergence.verdict.healthy
    return "" if healthy else colour(divergence.verdict, dark=True)


def conclusion(run: Run) -> Text:
    """The first wrong layer, where it is and why; or that there is none."""
    index = run.culprit()
    if index is None:
        inputs = sum(layer.is_input for layer in run.layers)
        count = len(run.layers) - inputs
        return Text(f"All {count} layers and {inputs} inputs are ok.", "bold")
    place, layer = place_of(run, index), run.layers[index]
    where = f", {relative(place.path)}:{place.line}" if place else ""
    verdict = run.results[index].chained.verdict.value
    finding = run.finding(index)
    op = f", {finding.op}" if finding and finding.op else ""
    lines = [f"First wrong: {layer.name} ({verdict}){where}{op}", words.blame(run, index)]
    if finding is not None:
        lines += [f"Why: {reason}" for reason in words.reasons(finding)]
        if (theirs := finding.reference) is not None:
            lines.append(f"PyTorch does it in {Path(theirs.path).name}:{theirs.line}")
    return Text("\n".join(line for line in lines if line), "bold")
