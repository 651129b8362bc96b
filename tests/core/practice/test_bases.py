"""The ports that bugs are planted in: right in every layer, before anybody breaks them."""

import pytest

from core.practice.bases import BASES
from debug.engine.session import Session
from debug.protocol.messages import Message, Open
from debug.results.run import Run
from tui.settings import SUBJECT

pytestmark = pytest.mark.max


@pytest.mark.parametrize("base", BASES)
def test_a_base_is_right_in_every_layer(base: str):
    run = Run()

    def apply(event: Message) -> None:
        run.apply(event)  # pyright: ignore[reportArgumentType]

    options = {"graph": str(BASES[base]), "model": "micro", "seconds": 2, "device": "cpu"}
    session = Session.open(SUBJECT, Open(options, watch=False), apply)
    session.load()
    for _ in session.names:
        session.advance()
    while not session.settled:
        session.go_on()
    assert len(run.layers) >= 29
    for index in range(len(run.layers)):
        name, isolated = run.layers[index].name, run.isolated(index)
        assert run.results[index].chained.verdict.healthy, name
        assert isolated is None or isolated.verdict.healthy, name
