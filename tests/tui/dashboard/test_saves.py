"""What is remembered of every save."""

from datetime import datetime

import pytest
from fakes import ATTENTION, LAST_ROW, compared, divergence, isolated, mistake, opened
from msgspec.structs import replace

from debug.protocol.diagnostic import Diagnostic, Problem
from debug.protocol.messages import Failed, Loaded
from debug.protocol.verdict import Verdict
from debug.results.run import Run
from tui.dashboard import saves
from tui.dashboard.handing import handed_of
from tui.dashboard.history.difference import file_changes, layer_changes
from tui.dashboard.saves import History, LayerResult, Result, names_of

NOW = datetime(2026, 11, 27, 14)
A, B = {"/x/port.py": b"a = 1\nb = 2\n"}, {"/x/port.py": b"a = 1\nb = 3\n"}


@pytest.fixture
def run() -> Run:
    run = Run()
    run.apply(opened())
    return run


@pytest.fixture
def history(run: Run) -> History:
    """One save whose attention was wrong."""
    history = History()
    history.read(A, NOW, run)
    load(history, run, 1, 300.0)
    return history


def load(history: History, run: Run, generation: int, ratio: float) -> None:
    run.apply(Loaded(generation, {}, 0.1))
    history.loaded(generation)
    for index in range(LAST_ROW + 1):
        ratios = ratio if index == ATTENTION else 1.0
        run.apply(compared(index, ratios, generation))
        run.apply(isolated(index, ratios, generation))


def test_what_came_of_a_save_stays_when_the_next_one_is_read(history: History, run: Run):
    run.apply(mistake())
    history.read(B, NOW, run)
    load(history, run, 2, 1.0)
    first, second = (history.result(save, run) for save in history.saves)
    assert first.worst == "blocks.0.attn"
    assert [cause.startswith("port.py:13") for cause in first.causes] == [True]
    assert second.verdict is not None
    assert second.verdict.healthy
    assert [each.name for each in layer_changes(first, second)] == ["blocks.0.attn"]


def test_a_save_that_does_not_load_is_kept_with_its_reason(history: History, run: Run):
    history.read(B, NOW, run)
    run.apply(Failed(Diagnostic("graph", "it is broken", "/x/port.py", 2), False))
    history.read(A, NOW, run)
    broken = history.result(history.saves[1], run)
    assert broken.problem is not None
    assert broken.problem.message == "it is broken"
    assert not broken.layers
    again = history.same_as(history.saves[2])
    assert again is not None
    assert again.number == 1


def test_an_engine_that_is_restarted_and_reads_the_same_makes_no_row(
    history: History, run: Run
):
    run.apply(opened())
    history.read(A, NOW, run)
    assert len(history.saves) == 1
    load(history, run, 1, 1.0)
    verdict = history.result(history.saves[0], run).verdict
    assert verdict is not None
    assert verdict.healthy


def test_a_file_that_is_not_found_again_is_as_it_was(history: History, run: Run):
    history.read({"/x/port.py": b"(", "/x/more.py": b"1"}, NOW, run)
    history.read({"/x/port.py": b"("}, NOW, run)
    assert history.saves[-1].files["/x/more.py"] == b"1"
    assert len(history.saves) == 2


def test_a_difference_says_what_was_added_and_what_taken_away():
    (change,) = file_changes(A, B)
    assert str(change) == "port.py +1 -1"
    assert change.lines[-2:] == ("-b = 2", "+b = 3")
    assert file_changes(A, A) == []


def test_files_are_called_by_as_much_of_their_paths_as_is_needed():
    assert names_of(A) == {"/x/port.py": "port.py"}
    two = {"/x/a/port.py": b"", "/x/b/port.py": b""}
    assert list(names_of(two).values()) == ["a/port.py", "b/port.py"]


def test_a_layer_without_a_number_is_worse_than_any_with_one():
    nan = LayerResult(divergence(1.0))
    invalid = replace(nan.chained, verdict=Verdict.INVALID, ratio=None)
    layers = {"a": LayerResult(divergence(1e6)), "b": LayerResult(invalid)}
    assert Result(layers=layers).worst == "b"


def test_the_first_reason_stays_why_a_save_does_not_load(history: History, run: Run):
    history.read(B, NOW, run)
    for message in ("it is broken", "it is gone"):
        problem = Diagnostic("graph", message, "/x/port.py", 2)
        run.apply(Failed(problem, False))
        history.refused(problem)
    found = history.result(history.saves[-1], run).problem
    assert found is not None
    assert found.message == "it is broken"


def test_what_came_of_a_save_is_not_what_came_of_it_with_a_layer_replaced(
    history: History, run: Run
):
    history.about_to_load(run)
    run.apply(Loaded(2, {}, 0.1, ["blocks.0.attn"]))
    history.loaded(2)
    for index in range(LAST_ROW + 1):
        run.apply(compared(index, 1.0, 2))
    found = history.result(history.saves[-1], run)
    assert found.worst == "blocks.0.attn"
    assert found.replaced == ()


def test_what_a_save_left_as_it_was_is_held_once(history: History, run: Run):
    for generation, text in enumerate((b"a = 1\nb = 3\n", b"a = 1\nb = 4\n"), start=2):
        other = bytes(bytearray(b"c = 5"))  # another object each time
        history.read({"/x/port.py": text, "/x/other.py": other}, NOW, run)
        load(history, run, generation, 300.0)
    history.read(A, NOW, run)
    first, second, third = (history.result(each, run) for each in history.saves[:3])
    for name in first.layers:
        for later in (second.layers[name], third.layers[name]):
            assert later.chained is first.layers[name].chained
            assert later.isolated is first.layers[name].isolated
    before, after = (each.files["/x/other.py"] for each in history.saves[1:3])
    assert before is after


def test_of_a_save_that_is_long_past_what_stands_in_its_row_is_kept(
    history: History, run: Run, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(saves, "WITH_NUMBERS", 2)
    first = history.result(history.saves[0], run)
    for number in range(2, 5):
        history.read({"/x/port.py": b"a = %d\n" % number}, NOW, run)
        load(history, run, number, 1.0)
    past, _, *others = (history.result(save, run) for save in history.saves)
    assert (past.worst, past.verdict, past.causes) == (
        first.worst,
        first.verdict,
        first.causes,
    )
    assert past.summed_up
    assert len(past.layers) == 1
    assert past.run is None
    assert not any(each.summed_up for each in others)
    with pytest.raises(Problem, match="save 1 is long past"):
        handed_of(history.saves[0], history, run)
