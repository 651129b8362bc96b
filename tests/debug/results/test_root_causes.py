"""What is called a root cause, and when."""

import pytest
from fakes import ATTENTION, MISSING, NAMES, compared, isolated, mistake, opened

from debug.protocol.messages import Compared, Idle, Loaded
from debug.results.root_causes import UNEXPLAINED, root_causes
from debug.results.run import Run

BLOCK = NAMES.index("blocks.1")


@pytest.fixture
def run() -> Run:
    """Wrong from the attention on; only that is wrong by itself."""
    run = Run()
    run.apply(opened())
    run.apply(Loaded(1, {}, 0.1))
    for index in range(len(NAMES)):
        run.apply(compared(index, 90.0 if index >= ATTENTION else 1.0))
    return run


def told(run: Run) -> list[tuple[str, list[str]]]:
    return [(c.why, [NAMES[index] for index in c.layers]) for c in root_causes(run)]


def test_a_layer_that_differs_is_no_root_cause_before_it_was_looked_into(run):
    assert told(run) == []
    run.apply(isolated(ATTENTION, 90.0))
    assert told(run) == []
    run.apply(Idle(1))
    assert told(run) == [(UNEXPLAINED, ["blocks.0.attn"])]


def test_a_layer_that_inherits_is_never_one(run):
    run.apply(isolated(ATTENTION, 1.0))
    run.apply(isolated(BLOCK, 90.0))
    run.apply(mistake(BLOCK))
    assert [names for _, names in told(run)] == [["blocks.1"]]


def test_a_mistake_that_is_known_in_one_layer_is_not_counted_again_in_the_next(run):
    run.apply(isolated(ATTENTION, 90.0))
    run.apply(isolated(BLOCK, 90.0))
    run.apply(mistake(ATTENTION))
    assert [names for _, names in told(run)] == [["blocks.0.attn"]]
    run.apply(Idle(1))
    assert len(told(run)) == 2


def test_of_a_layer_that_is_missing_the_reason_is_told(run):
    run.apply(Compared(1, 2, None, MISSING, 0.0, False))
    run.apply(Idle(1))
    assert told(run)[0] == (MISSING.reason, ["blocks.0.norm"])
