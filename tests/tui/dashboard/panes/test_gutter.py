"""Which verdict a line of the source carries."""

import pytest
from fakes import (
    ATTENTION,
    CALLS,
    LOWER,
    MISSING,
    NAMES,
    OURS,
    SOFTMAX,
    THEIRS,
    compared,
    isolated,
    mistake,
    opened,
)

from debug.protocol.diagnostic import Diagnostic
from debug.protocol.messages import Compared, Failed, Isolated, Loaded
from debug.protocol.values import Divergence, Place
from debug.protocol.verdict import Verdict
from debug.results.run import Run
from tui.dashboard.panes.gutter import candidate_gutter, reference_gutter


@pytest.fixture
def run() -> Run:
    run = Run()
    run.apply(opened(file=THEIRS))
    places = {name: Place(OURS, line) for name, line in CALLS.items()}
    run.apply(Loaded(1, places, 0.1))
    return run


def row(name: str) -> int:
    return NAMES.index(name)


def line(name: str) -> int:
    return CALLS[name]


def test_only_lines_whose_layers_were_computed_carry_a_verdict(run):
    assert candidate_gutter(OURS, 0, run) == {}
    run.apply(compared(row("conv")))
    assert candidate_gutter(OURS, 0, run) == {line("conv"): Verdict.OK}
    assert candidate_gutter("other.py", 0, run) == {}


def test_a_line_that_all_blocks_share_carries_the_verdict_of_the_selected_one(run):
    run.apply(compared(row("blocks.0.norm"), 1.0))
    run.apply(compared(row("blocks.1.norm"), 300.0))
    shared = line("blocks.0.norm")

    def seen(selected: str) -> Verdict:
        return candidate_gutter(OURS, row(selected), run)[shared]

    assert seen("blocks.0.mlp") is Verdict.OK
    assert seen("blocks.0") is Verdict.OK
    assert seen("blocks.1.norm") is Verdict.DIVERGED
    assert seen("conv") is Verdict.DIVERGED


def test_a_block_that_was_not_computed_borrows_no_verdict_from_another(run):
    run.apply(compared(row("blocks.0.norm")))
    assert line("blocks.0.norm") not in candidate_gutter(OURS, row("blocks.1.norm"), run)


def test_a_line_carries_the_worst_verdict_of_the_layers_it_calls(run):
    run.apply(compared(row("blocks.0"), 1.0))
    run.apply(compared(row("blocks.1"), 300.0))
    assert candidate_gutter(OURS, row("norm"), run)[line("blocks.0")] is Verdict.DIVERGED


def test_the_verdict_in_isolation_counts_more_than_that_of_the_whole_run(run):
    run.apply(compared(row("norm"), 300.0))
    assert candidate_gutter(OURS, 0, run)[line("norm")] is Verdict.DIVERGED
    run.apply(isolated(row("norm"), 1.0))
    assert candidate_gutter(OURS, 0, run)[line("norm")] is Verdict.OK
    run.apply(Loaded(2, {"norm": Place(OURS, line("norm"))}, 0.1))
    assert candidate_gutter(OURS, 0, run) == {}


def test_the_line_of_a_mistake_carries_it_on_both_sides(run):
    run.apply(compared(ATTENTION, 300.0))
    run.apply(isolated(ATTENTION, 300.0))
    run.apply(mistake())
    assert candidate_gutter(OURS, row("conv"), run)[SOFTMAX] is Verdict.DIVERGED
    assert reference_gutter(THEIRS, row("conv"), run)[SOFTMAX + LOWER] is Verdict.DIVERGED


def test_the_references_lines_carry_the_same_verdicts(run):
    run.apply(compared(row("conv")))
    run.apply(Compared(1, row("norm"), None, MISSING, 0.0, False))
    assert reference_gutter(THEIRS, 0, run) == {
        line("conv") + LOWER: Verdict.OK,
        line("norm") + LOWER: Verdict.MISSING,
    }


def test_lines_that_were_edited_since_carry_no_verdict(run):
    run.apply(compared(row("conv")))
    run.apply(Failed(Diagnostic("graph", "no such name", OURS, 4), fatal=False))
    assert candidate_gutter(OURS, 0, run) == {}


def test_of_a_layer_that_can_not_be_compared_alone_the_whole_run_tells(run):
    run.apply(compared(row("conv"), 300.0))
    unseen = Divergence(Verdict.UNSEEN, reason="another shape")
    run.apply(Isolated(1, row("conv"), unseen))
    assert candidate_gutter(OURS, 0, run) == {line("conv"): Verdict.DIVERGED}
