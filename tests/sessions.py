"""Sessions on the example of two layers, in the test's own process."""

from pathlib import Path

from debug.engine.session import Session
from debug.protocol.messages import Message, Open
from examples.two_layers import FACTORY


def finished(graph: Path, events: list[Message]) -> Session:
    """One that has run every layer; ``events`` hears all of it."""
    options = {"graph": str(graph)}
    session = Session.open(FACTORY, Open(options, watch=False), events.append)
    session.load()
    run_all(session)
    return session


def run_all(session: Session) -> None:
    for _ in session.names:
        session.advance()
