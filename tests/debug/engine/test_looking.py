"""Questions about the values of a layer."""

from pathlib import Path

import pytest
from editing import replace
from sessions import finished, run_all

from debug.engine.session import Session
from debug.protocol.diagnostic import LOOK, Problem
from debug.protocol.messages import Compared, Isolated, Message
from debug.protocol.survey import (
    Answer,
    Cut,
    ErrorMapped,
    Excerpt,
    Excerpted,
    Locate,
    Located,
    Look,
    MapError,
    Sketch,
    Sketched,
    Survey,
    Surveyed,
)

pytestmark = pytest.mark.max


def answer(session: Session, events: list[Message], ask: Look) -> Answer:
    session.look(ask)
    assert isinstance(events[-1], Answer)
    return events[-1]


def test_a_survey_says_what_was_compared(toy_graph: Path):
    replace(toy_graph, "ops.gelu(", "1.5 * ops.gelu(")
    events: list[Message] = []
    session = finished(toy_graph, events)
    index = session.names.index("shrink")
    compared = next(e for e in events if isinstance(e, Compared) and e.index == index)
    summed_up = answer(session, events, Survey(index))
    assert isinstance(summed_up, Surveyed)
    assert summed_up.quantiles[-1].error == pytest.approx(compared.chained.max_abs)
    found = answer(session, events, Locate(index))
    assert isinstance(found, Located)
    assert found.worst == compared.chained.max_abs_at
    assert compared.candidate is not None
    assert [axis.size for axis in found.axes] == compared.candidate.shape
    excerpt = answer(session, events, Excerpt(index, False, Cut((0, 1), found.worst, 3, 3)))
    assert isinstance(excerpt, Excerpted)
    row, column = found.worst[0] - excerpt.top, found.worst[1] - excerpt.left
    difference = excerpt.difference[row][column]
    assert isinstance(difference, float)
    assert abs(difference) == pytest.approx(compared.chained.max_abs)
    mapped = answer(session, events, MapError(index, False, (0, 1), 5, 5))
    assert isinstance(mapped, ErrorMapped)
    largest = max(cell for row in mapped.cells for cell in row if cell is not None)
    assert largest * found.typical == pytest.approx(compared.chained.max_abs)


def test_alone_a_layer_shows_the_error_that_is_its_own(toy_graph: Path):
    replace(toy_graph, "ops.gelu(", "1.5 * ops.gelu(")
    events: list[Message] = []
    session = finished(toy_graph, events)
    while not session.settled:
        session.go_on()
    index = session.names.index("shrink")
    isolated = next(e for e in events if isinstance(e, Isolated) and e.index == index)
    found = answer(session, events, Survey(index, alone=True))
    assert isinstance(found, Surveyed)
    assert found.quantiles[-1].error == pytest.approx(isolated.divergence.max_abs)


def test_a_sketch_has_the_range_of_both_sides_in_every_cell(toy_graph: Path):
    replace(toy_graph, "ops.gelu(", "1.5 * ops.gelu(")
    events: list[Message] = []
    session = finished(toy_graph, events)
    index = session.names.index("shrink")
    found = answer(session, events, Sketch(index, 3, 4))
    assert isinstance(found, Sketched)
    compared = next(e for e in events if isinstance(e, Compared) and e.index == index)
    stats = compared.candidate
    assert stats is not None
    low = [cell for row in found.candidate.low for cell in row if cell is not None]
    high = [cell for row in found.candidate.high for cell in row if cell is not None]
    assert (min(low), max(high)) == pytest.approx((stats.min, stats.max))
    assert found.candidate != found.reference
    assert [axis.size for axis in found.axes] == stats.shape[-2:]


def test_after_a_save_the_numbers_are_those_of_the_save(toy_graph: Path):
    events: list[Message] = []
    session = finished(toy_graph, events)
    index = len(session.names) - 1
    right = answer(session, events, Survey(index))
    replace(toy_graph, "ops.gelu(", "1.5 * ops.gelu(")
    session.load()
    with pytest.raises(Problem, match="has not run yet"):
        session.look(Survey(index))
    run_all(session)
    wrong = answer(session, events, Survey(index))
    assert isinstance(right, Surveyed)
    assert isinstance(wrong, Surveyed)
    assert (right.generation, wrong.generation) == (1, 2)
    assert wrong.quantiles[-1].error > 100 * right.quantiles[-1].error


def test_what_has_no_value_is_refused_in_a_line(toy_graph: Path):
    replace(toy_graph, "return self.shrink(x)", "return x")
    events: list[Message] = []
    session = finished(toy_graph, events)
    asks = Survey(session.names.index("shrink")), Survey(len(session.names) - 1)
    for ask in (
        *asks,
        Survey(0, alone=True),
        Excerpt(0, False, Cut((0, 1), [9999, 0], 1, 1)),
    ):
        with pytest.raises(Problem) as refused:
            session.look(ask)
        assert refused.value.diagnostic.kind == LOOK
