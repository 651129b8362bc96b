"""Going on from the reference's value behind a layer, on a model that is not Whisper."""

from pathlib import Path

import pytest
from editing import replace
from sessions import finished, run_all

from debug.engine.session import Session
from debug.protocol.diagnostic import Problem
from debug.protocol.messages import Compared, Loaded, Message

pytestmark = pytest.mark.max


def verdicts(session: Session, events: list[Message]) -> dict[str, bool]:
    """Whether each layer of the last generation is ok."""
    results = [event for event in events if isinstance(event, Compared)]
    return {
        session.names[result.index]: result.chained.verdict.healthy
        for result in results
        if result.generation == session.generation
    }


def injected(session: Session, *layers: str) -> None:
    for layer in layers:
        session.inject(session.names.index(layer))
    session.load()
    run_all(session)


def test_what_is_wrong_because_of_a_layer_is_right_behind_the_references_value(
    toy_graph: Path,
):
    replace(toy_graph, "x = self.grow(x)", "x = self.grow(x * 2)")
    events: list[Message] = []
    session = finished(toy_graph, events)
    assert verdicts(session, events) == {
        "noise": True,
        "grow": False,
        "shrink": False,
        "network": False,
    }
    injected(session, "grow")
    assert verdicts(session, events) == {
        "noise": True,
        "grow": False,
        "shrink": True,
        "network": True,
    }
    loaded = [event for event in events if isinstance(event, Loaded)]
    assert [event.injected for event in loaded] == [[], ["grow"]]


def test_a_second_time_the_candidates_own_value_goes_on_again(toy_graph: Path):
    replace(toy_graph, "x = self.grow(x)", "x = self.grow(x * 2)")
    events: list[Message] = []
    session = finished(toy_graph, events)
    before = verdicts(session, events)
    injected(session, "grow")
    assert verdicts(session, events) != before
    injected(session, "grow")
    assert verdicts(session, events) == before


def test_it_survives_a_save(toy_graph: Path):
    replace(toy_graph, "x = self.grow(x)", "x = self.grow(x * 2)")
    events: list[Message] = []
    session = finished(toy_graph, events)
    injected(session, "grow")
    replace(toy_graph, "self.grow(x * 2)", "self.grow(x * 3)")
    session.load()
    run_all(session)
    assert not verdicts(session, events)["grow"]
    assert verdicts(session, events)["network"]


@pytest.mark.parametrize("layer", ["noise", "network"])
def test_an_input_or_the_model_cannot_be_replaced(toy_graph: Path, layer: str):
    session = finished(toy_graph, [])
    with pytest.raises(Problem, match=f"{layer} can't be replaced"):
        session.inject(session.names.index(layer))
