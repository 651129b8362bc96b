"""What a person without the dashboard does after every edit: load, build, run, compare.

Usage: python benchmarks/bare.py MODEL GRAPH
"""

import sys

from debug.engine.session import Session
from debug.protocol.messages import Open


def main() -> None:
    model, graph = sys.argv[1:]
    options = {"model": model, "graph": graph}
    session = Session.open("core.whisper:open_subject", Open(options), lambda _: None)
    session.load()
    for _ in session.names:
        session.advance()


if __name__ == "__main__":
    main()
