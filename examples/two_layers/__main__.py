"""``python -m examples.two_layers``: the dashboard on this example.

``python -m examples.two_layers check`` prints the comparison and ends.
"""

import argparse
import sys

from examples.two_layers import FACTORY
from tui.commands import check
from tui.commands.shared.event_log import EventLog
from tui.commands.shared.headless import run_all
from tui.settings import Settings


def main(given: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m examples.two_layers")
    parser.add_argument(
        "what", nargs="?", choices=["dashboard", "check"], default="dashboard"
    )
    parser.add_argument("--graph", help="another source of the port than graph.py")
    arguments = parser.parse_args(given)
    options = {"graph": arguments.graph} if arguments.graph else {}
    settings = Settings(options, factory=FACTORY)
    if arguments.what == "check":
        with EventLog.to(None, "check") as log:
            compared = run_all(settings, log)
        check.print_table(compared)
        return check.exit_status(compared)
    from tui.dashboard.app import Dashboard  # a check need not wait for it

    return Dashboard(settings).run() or 0


if __name__ == "__main__":
    sys.exit(main())
