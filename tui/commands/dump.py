"""``maxwhisper dump``: both sides of a layer as files for NumPy."""

from argparse import ArgumentParser, Namespace
from functools import partial
from pathlib import Path

from debug.protocol.messages import Dump
from tui.commands.output import print_json
from tui.commands.shared.event_log import EventLog
from tui.commands.shared.headless import Errand, run_errand
from tui.commands.shared.layer_names import index_of
from tui.saving import new_folder, refuse_folder
from tui.settings import add_subject_options, settings_of

SUMMARY = "write both sides of a layer as .npy files"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "layer", metavar="LAYER", help="as maxwhisper check names it, or the port"
    )
    add_subject_options(parser)
    parser.add_argument("--output", metavar="FOLDER", help="(default: dump-LAYER)")


def run(arguments: Namespace, log: EventLog) -> int:
    output = Path(arguments.output or folder_of(arguments.layer))
    refuse_folder(output)  # before the run, not after it
    settings = settings_of(arguments)
    with new_folder(output) as folder:
        where = str(folder.resolve())
        choose = partial(index_of, name=arguments.layer)
        _, dumped = run_errand(settings, log, Errand(choose, lambda i: Dump(i, where)))
    log.write("dump", folder=str(output), files=dumped.files)
    if arguments.json:
        print_json({"schema": 1, "folder": str(output), "files": dumped.files})
    else:
        print(f"{output} is written: {', '.join(dumped.files)}")
    return 0


def folder_of(layer: str) -> str:
    """What a layer's folder is called; a name may have what no file name has."""
    return f"dump-{layer.replace('/', '-')}"
