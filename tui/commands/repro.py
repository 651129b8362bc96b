"""``maxwhisper repro``: the first wrong layer as a folder that reproduces it standalone."""

import os
import subprocess
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

import msgspec

from core.messages import Reproduce, Reproduced
from debug.protocol.diagnostic import Problem
from debug.protocol.messages import Progress
from debug.protocol.verdict import LAYER, Verdict
from debug.results.run import Run
from debug.results.why import place_of
from tui.commands import check
from tui.commands.check_json import report as as_json
from tui.commands.check_table import conclusion
from tui.commands.output import print_json
from tui.commands.repro_readme import SCRIPT, readme
from tui.commands.shared.ask import ask
from tui.commands.shared.event_log import EventLog
from tui.commands.shared.faults import causes
from tui.commands.shared.headless import run_all
from tui.commands.shared.layer_names import index_of
from tui.commands.shared.progress import reporting
from tui.saving import new_folder, refuse_folder, save_json, save_text
from tui.settings import COULD_NOT_RUN, PORT, Settings, add_subject_options, settings_of

SUMMARY = "write the first wrong layer as a folder that reproduces it without maxwhisper"
RUNNING = f"compiling the layer and running {SCRIPT}"
COPIED = ("model", "audio", "device", "dtype", "emulated")
"""What the folder says of the run as ``check`` does."""
WRONG, RIGHT = 1, 0
"""The script's exit statuses; any other says that it could not run."""


def add_arguments(parser: ArgumentParser) -> None:
    add_subject_options(parser)
    parser.add_argument("--layer", help="another layer than the first that is wrong")
    parser.add_argument("--output", metavar="FOLDER", help="(default: repro-LAYER)")


def run(arguments: Namespace, log: EventLog) -> int:
    if given := arguments.output or (arguments.layer and f"repro-{arguments.layer}"):
        refuse_folder(Path(given))  # before the comparison, not after it
    settings = settings_of(arguments)
    compared = run_all(settings, log)
    index = choose(compared, arguments.layer)
    if index is None:
        _say_nothing_is_wrong(arguments.json)
        return 0
    layer = compared.layers[index].name
    output = Path(arguments.output or f"repro-{layer}")
    with new_folder(output) as folder:
        written = _write(settings, layer, folder, log)
        metrics = _metrics(compared, index, written)
        save_json(folder / "metrics.json", metrics)
        save_text(folder / "README.md", readme(metrics))
        metrics["repro"] = _try(folder, log)
        save_json(folder / "metrics.json", metrics)
    if arguments.json:
        print_json({"folder": str(output), **metrics})
    else:
        print(conclusion(compared))
        print(said(output, metrics["repro"], layer, compared.layers[index].parent))
    return WRONG if metrics["repro"]["status"] == WRONG else COULD_NOT_RUN


def choose(run: Run, asked: str | None) -> int | None:
    """The layer to write; None if nothing is wrong. A layer that is never called can't be
    run in isolation: the one that should call it is written.

    Raises:
        Problem: there is no such layer, or it is right in isolation.
    """
    names = {layer.name: index for index, layer in enumerate(run.layers)}
    index = run.culprit() if asked is None else index_of(run, asked)
    if index is None or not any(_wrong_in(run, each) for each in names.values()):
        return None
    if run.layers[index].is_input:
        message = f"{run.layers[index].name} comes before the layers: fix it first"
        raise Problem("repro", f"{message}, or give a layer with --layer")
    while (parent := run.layers[index].parent) and _missing(run, index):
        index = names[parent]
    _refuse_right(run, index)
    return index


def _missing(run: Run, index: int) -> bool:
    return run.results[index].chained.verdict is Verdict.MISSING


def _wrong_in(run: Run, index: int) -> bool:
    """In the run of the whole model, or in isolation."""
    each = run.results[index].chained, run.isolated(index)
    fine = (*check.CLOSE, Verdict.UNSEEN)
    return any(found and found.verdict not in fine for found in each)


def _refuse_right(run: Run, index: int) -> None:
    isolated, name = run.isolated(index), run.layers[index].name
    if isolated is None or isolated.verdict not in check.CLOSE:
        return
    faults = [run.layers[fault].name for fault in run.faults()]
    others = [fault for fault in faults if fault != name]
    what = f"try --layer {others[0]}" if others else "maxwhisper check shows what is not"
    raise Problem("repro", f"{name} is right in isolation: {what}")


def _say_nothing_is_wrong(as_json: bool) -> None:
    if as_json:
        print_json({"schema": 1, "folder": None, "layer": None})
    else:
        print("Nothing is wrong, so nothing was written.")


def _write(settings: Settings, layer: str, folder: Path, log: EventLog) -> Reproduced:
    written: list[Reproduced] = []

    def hear(answer: object) -> None:
        assert isinstance(answer, Reproduced)
        written.append(answer)

    with reporting(log) as reporter:
        options, is_port = settings.options, settings.factory == PORT
        ask(Reproduce(options, layer, str(folder.resolve()), is_port), hear, reporter)
    return written[0]


def _metrics(run: Run, index: int, written: Reproduced) -> dict[str, Any]:
    """What ``check`` says of the layer, and what the script needs."""
    report = as_json(run)
    rows = {row["name"]: row for row in report["inputs"] + report["layers"]}
    place = place_of(run, index)
    finding = run.finding(index)
    files = {**written.libraries, **written.copies}
    return {
        "schema": 1,
        "layer": run.layers[index].name,
        "graph": Path(report["graph"]).name,  # without this machine's folders
        **{name: report[name] for name in COPIED},
        "op": finding.op if finding else None,
        "file": files.get(place.path) if place else None,
        "line": place.line if place else None,
        # Their places are in this machine's folders: the folder's own is file and line.
        "causes": [{**cause, "place": None} for cause in causes(run, index)],
        "check": rows[run.layers[index].name],
        "limits": list(LAYER),
        "versions": written.versions,
        "build": msgspec.to_builtins(written.build),
    }


def _try(folder: Path, log: EventLog) -> dict[str, Any]:
    """Runs the script as whoever gets the folder will."""
    with reporting(log) as reporter:
        reporter.progress(Progress(RUNNING))
        done = run_script(folder)
    outcome = {"status": done.returncode, "output": done.stdout}
    if done.returncode not in (WRONG, RIGHT):
        outcome["errors"] = done.stderr
        for place in (folder.resolve(), sys.prefix):  # of this machine only
            outcome["errors"] = outcome["errors"].replace(f"{place}{os.sep}", "")
    log.write("repro", **outcome)
    return outcome


def run_script(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-B", SCRIPT],  # no bytecode beside the sources
        cwd=folder,
        env=dict(os.environ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )


def said(output: Path, outcome: dict[str, Any], layer: str, parent: str | None) -> str:
    """What became of the folder, and what its script said."""
    status = outcome["status"]
    if status == WRONG:
        last = "It fails without maxwhisper, too."
    elif status == RIGHT:
        calls = f"; what calls it may be wrong: try --layer {parent}" if parent else ""
        last = f"It does not show the mistake: {layer} is right in isolation{calls}."
    else:
        last = f"It could not run (exit status {status}), so it does not show the mistake."
    lines = [f"{output} is written. Its {SCRIPT} says:", outcome["output"].strip(), last]
    return "\n".join(line for line in lines if line)
