"""The command ``maxwhisper-tui``."""

from debug.protocol.diagnostic import Problem
from tui.settings import OneLineParser, add_dashboard_options, complain, settings_of
from tui.stdin import PIPE
from tui.versions import add_version_option


def main() -> int:
    parser = OneLineParser(
        prog="maxwhisper-tui",
        description="Step Whisper's encoder on MAX beside PyTorch, layer by layer.",
    )
    add_dashboard_options(parser)
    add_version_option(parser)
    try:
        settings = settings_of(parser.parse_args())
        if settings.options.get("audio") == PIPE:
            message = "the dashboard needs stdin for its keys; save the audio to a file"
            raise Problem("arguments", message)
    except Problem as problem:
        return complain(parser.prog, problem.diagnostic)
    from tui.answer import answer
    from tui.dashboard.app import Dashboard  # late: --help need not wait for it

    app = Dashboard(settings)
    status = app.run() or 0
    for line in answer(app.state.results):
        print(line)
    return status
