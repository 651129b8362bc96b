import pytest
from fakes import ATTENTION, LAST_ROW, compared, isolated, mistake, opened

from debug.protocol.diagnostic import Diagnostic
from debug.protocol.messages import Failed, Idle, Loaded, ShareKnown, Stopped
from debug.results.root_causes import root_causes
from debug.results.run import Run
from tui.answer import answer, share_by_itself


def run_of(*events) -> Run:
    run = Run()
    for event in (opened(), Loaded(1, {}, 0.1), *events):
        run.apply(event)
    return run


def everything(wrong_from: int | None = None):
    wrong = range(LAST_ROW + 1 if wrong_from is None else wrong_from, LAST_ROW + 1)
    rows = [compared(row, 300.0 if row in wrong else 1.5) for row in range(LAST_ROW + 1)]
    return [*rows, Stopped(1, LAST_ROW, 0.5)]


def test_nothing_is_said_of_what_did_not_run():
    assert answer(Run()) == []


def test_a_healthy_run_is_one_line():
    assert answer(run_of(*everything(), Idle(1))) == ["All 11 layers and 1 input are ok."]


def test_a_bug_is_named_with_a_place_that_an_editor_opens():
    run = run_of(*everything(ATTENTION), isolated(ATTENTION, 300.0), mistake(), Idle(1))
    first, cause = answer(run)
    assert first == "First wrong: blocks.0.attn"
    assert cause.startswith("port.py:13: no hypothesis explains it")


def test_before_all_is_known_nothing_is_called_wrong():
    assert answer(run_of(*everything(5)))[0] == "First difference: blocks.0.attn"


def test_a_bad_save_is_said():
    bad = Failed(Diagnostic("graph", "syntax error", "port.py", 4), fatal=False)
    [line] = answer(run_of(*everything(), bad))
    assert line.startswith("The last save could not be run: ")
    assert "syntax error" in line


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.0002, "less than 0.1 % of the final error by itself"),
        (0.5436, "54.3 % of the final error by itself"),
        (1.25, "125 % of the final error by itself"),
        (41.7, "42 times the final error by itself"),
    ],
)
def test_what_a_mistake_makes_of_the_final_error_is_told_with_it(share: float, said: str):
    run = run_of(*everything(ATTENTION), isolated(ATTENTION, 300.0), mistake(), Idle(1))
    assert share_by_itself(root_causes(run)[0]) == ""
    run.apply(ShareKnown(1, ATTENTION, share))
    assert share_by_itself(root_causes(run)[0]) == said
    assert answer(run)[1].endswith(f"(blocks.0.attn), {said}")
