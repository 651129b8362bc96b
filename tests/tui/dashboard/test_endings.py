"""What follows an engine that has ended by itself."""

import pytest

from tui.dashboard import endings
from tui.dashboard.endings import Endings, Successor

ONE: dict[str, str | None] = {"/home/me/port.py": "1"}
OTHER: dict[str, str | None] = {"/home/me/port.py": "2"}
KILLED = "killed by SIGSEGV"
WORDS = (
    "Current thread 0x01 (most recent call first):",
    '  File "/home/me/port.py", line 14 in <module>',
)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(endings.time, "monotonic", lambda: now[0])
    return now


def test_an_engine_that_executed_nothing_has_no_successor():
    assert Endings().ended("exit status 1", 0)[0] is Successor.NONE
    assert Endings(hung=True).ended("killed by SIGKILL", 9)[0] is Successor.NONE


def test_a_save_that_ends_the_engine_is_tried_once_more_and_no_third_time():
    after = Endings()
    after.reading(ONE)
    following, problem = after.ended(KILLED, 0)
    assert following is Successor.ANEW
    said = "port.py: it ended the engine (killed by SIGSEGV): the engine starts anew"
    assert str(problem) == said
    after.reading(ONE)
    following, problem = after.ended(KILLED, 0)
    assert following is Successor.WAITING
    assert "save the source mended, or R tries it again" in str(problem)


def test_another_save_is_another_try():
    after = Endings()
    for files in (ONE, OTHER, ONE):
        after.reading(files)
        assert after.ended(KILLED, 0)[0] is Successor.ANEW


def test_an_engine_that_is_killed_while_it_is_idle_is_no_fault_of_the_source(clock):
    after = Endings()
    for _ in range(3):
        after.reading(ONE)
        after.settled()
        following, problem = after.ended("killed by SIGKILL", 0)
        assert following is Successor.ANEW
        assert "the engine is gone (killed by SIGKILL)" in str(problem)
        clock[0] += endings.AGAIN_SECONDS + 1


def test_one_that_is_killed_again_and_again_soon_after_all_was_well_has_not_many_more(
    clock,
):
    after = Endings()
    followings, said = [], ""
    for _ in range(endings.MOST_IN_A_ROW):
        after.reading(ONE)
        after.settled()
        following, problem = after.ended(KILLED, 0)
        followings.append(following)
        said = str(problem)
        clock[0] += 5
    *first, last = followings
    assert set(first) == {Successor.ANEW}
    assert last is Successor.WAITING
    assert "4 times in a row: save the source mended, or R tries it again" in said


def test_one_that_is_killed_while_it_is_idle_and_once_more_while_it_runs_goes_on():
    after = Endings()
    after.reading(ONE)
    after.settled()
    assert after.ended(KILLED, 0)[0] is Successor.ANEW
    after.begun()
    after.reading(ONE)
    assert after.ended(KILLED, 0)[0] is Successor.ANEW


def test_one_that_is_killed_before_it_has_executed_anything_is_no_fault_of_the_source():
    after = Endings()
    after.reading(ONE)
    after.ended(KILLED, 0)
    after.begun()
    following, problem = after.ended(KILLED, 0)
    assert following is Successor.ANEW
    assert "the engine is gone" in str(problem)


def test_the_line_that_it_was_in_is_blamed_whatever_else_it_prints():
    after = Endings()
    after.reading(ONE)
    for line in WORDS:
        after.printed(line, among_messages=True)
    for _ in range(endings.LINES):
        after.printed("and on and on")
    after.hung = True
    assert str(after.ended("killed by SIGKILL", 12)[1]).startswith(
        "port.py:14: it was stopped after 12 s"
    )


def test_what_a_source_has_spoiled_is_named():
    after = Endings()
    after.reading(ONE)
    after.spoiled = ["the limits of the process"]
    _, problem = after.ended("exit status 3", 0)
    assert "changed the limits of the process, which can't be put back" in str(problem)
