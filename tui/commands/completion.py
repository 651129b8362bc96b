"""``maxwhisper completion``: what makes a shell complete both programs' arguments.

The script is made from the parsers, so that an option that is added is completed, too.
"""

from argparse import ArgumentParser, Namespace, _SubParsersAction

from tui.commands.output import print_json
from tui.commands.shared.event_log import EventLog
from tui.settings import OneLineParser, add_dashboard_options
from tui.versions import add_version_option

SUMMARY = "print what makes a shell complete both programs' arguments"
SHELLS = "bash", "zsh"
FILES = {
    *("audio", "file", "graph", "history", "junit"),
    *("log", "model", "output", "port", "save"),
}
"""What is a file or a folder, or may be, by the names that the parsers have for it."""


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("shell", choices=SHELLS, help="which shell reads it")


def run(arguments: Namespace, log: EventLog) -> int:
    script = script_for(arguments.shell, arguments.build_parser())
    if arguments.json:
        print_json({"schema": 1, "shell": arguments.shell, "script": script})
    else:
        print(script)
    return 0


def script_for(shell: str, commands: ArgumentParser) -> str:
    """Both programs', one after the other.

    Args:
        shell: one of `SHELLS`.
        commands: the parser of all commands.
    """
    import shtab  # late: no other command needs it

    dashboard = OneLineParser(prog="maxwhisper-tui")
    add_dashboard_options(dashboard)
    add_version_option(dashboard)
    parsers = commands, dashboard
    for parser in parsers:
        _complete_files(parser, shtab.FILE)
    return "\n".join(shtab.complete(parser, shell) for parser in parsers)


def _complete_files(parser: ArgumentParser, files: object) -> None:
    for action in parser._actions:
        if isinstance(action, _SubParsersAction):
            for command in action.choices.values():
                _complete_files(command, files)
        elif action.dest in FILES:
            action.complete = files  # pyright: ignore[reportAttributeAccessIssue]
