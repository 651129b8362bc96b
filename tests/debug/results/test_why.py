"""Where the culprit of a run is, and why."""

import msgspec
from fakes import NAMES, compared, isolated, opened

from debug.protocol.messages import Compared, Explained, Isolated, Loaded
from debug.protocol.values import Cause, Divergence, Finding, Place
from debug.protocol.verdict import Verdict
from debug.results.run import Run
from debug.results.why import place_of, reasons, share, why

ATTENTION = NAMES.index("blocks.0.attn")
QUERY = NAMES.index("blocks.0.attn.query")
SHAPES = "shape [2, 48] where the reference has [2, 14, 48]"


def run_with(*findings: Finding) -> Run:
    run = Run()
    run.apply(opened())
    run.apply(
        Loaded(1, {"blocks.0.attn": Place("a.py", 5), "noise": Place("a.py", 1)}, 0.1)
    )
    for index in range(len(NAMES)):
        run.apply(compared(index, 1.0))
    run.apply(compared(ATTENTION, 50.0))
    run.apply(isolated(ATTENTION, 50.0))
    run.apply(Explained(1, ATTENTION, list(findings)))
    return run


def finding(*causes: Cause, place: Place | None = None) -> Finding:
    return Finding("its result", None, "add", place, None, "", list(causes))


def test_the_likeliest_cause_is_said_and_else_that_there_is_none():
    cause = Cause("GELU by tanh", 0.9999, 1.0)
    assert why(run_with(finding(cause)), ATTENTION) == ["GELU by tanh (explains 99.9 %)"]
    assert why(run_with(finding()), ATTENTION) == ["no hypothesis explains it"]
    assert reasons(finding(Cause("a sum", 0.6, 9.0))) == [
        "no hypothesis explains it; partly: a sum (explains 60 %, leaves 9 times rounding)"
    ]
    assert why(run_with(), ATTENTION) == []


def test_where_nothing_explains_it_what_the_error_looks_like_is_said():
    pattern = "the error of qk is in head 1 alone"
    unexplained = msgspec.structs.replace(finding(), pattern=pattern)
    assert reasons(unexplained) == [f"no hypothesis explains it; {pattern}"]


def test_of_another_shape_the_shapes_are_the_reason():
    run = run_with(finding())
    run.apply(
        Compared(1, ATTENTION, None, Divergence(Verdict.INVALID, reason=SHAPES), 0, False)
    )
    assert why(run, ATTENTION) == [SHAPES]
    run.apply(Explained(1, ATTENTION, []))
    assert why(run, ATTENTION) == [SHAPES]


def test_the_place_is_the_operations_line_or_the_one_that_calls_the_layer():
    assert place_of(run_with(finding(place=Place("a.py", 9))), ATTENTION) == Place(
        "a.py", 9
    )
    assert place_of(run_with(finding()), ATTENTION) == Place("a.py", 5)
    assert place_of(run_with(), 0) is None  # an input: none of the port's lines makes it


def test_of_a_layer_that_can_not_be_compared_alone_the_line_that_calls_it_is_said():
    calls_the_block = Finding("its result", None, None, Place("a.py", 5), None, "")
    run = run_with(calls_the_block)
    run.apply(compared(QUERY, 50.0))
    unseen = Divergence(Verdict.UNSEEN, reason="can't be compared alone: it takes [2]")
    run.apply(Isolated(1, QUERY, unseen))
    assert run.loaded is not None
    run.loaded.places["blocks.0.attn.query"] = Place("a.py", 3)
    assert run.culprit() == ATTENTION
    assert place_of(run, ATTENTION) == Place("a.py", 3)


def test_a_share_is_rounded_down():
    assert [share(part) for part in (1.0, 0.99999, 0.5)] == ["100 %", "99.9 %", "50 %"]
