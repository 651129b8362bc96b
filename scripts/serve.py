"""The dashboard in a browser: python -m scripts.serve [the dashboard's arguments]."""

import shlex
import sys

from textual_serve.server import Server


def main() -> None:
    dashboard = [sys.executable, "-m", "tui.dashboard", *sys.argv[1:]]
    Server(shlex.join(dashboard), title="maxwhisper").serve()


if __name__ == "__main__":
    main()
