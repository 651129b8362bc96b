"""Both sides' source: which verdict a line carries, and where each side is shown."""

import pytest
from fakes import (
    CALLS,
    LOWER,
    MISSING,
    ROWS,
    FakeEngine,
    compared,
    isolated,
    opened,
    settle,
)

from debug.protocol.diagnostic import Diagnostic
from debug.protocol.messages import (
    Compared,
    Explained,
    Failed,
    Loaded,
    SourceSaved,
    Stopped,
)
from debug.protocol.values import Finding, Place
from debug.protocol.verdict import Verdict
from debug.results.run import Run
from tui.dashboard.panes.gutter import candidate_gutter, reference_gutter
from tui.dashboard.panes.source import SourcePane

NAMES = [name for name, _ in ROWS]
OURS, THEIRS = "port.py", "openai.py"
ATTENTION = NAMES.index("blocks.0.attn")
SOFTMAX = 13


def mistake(
    index: int = ATTENTION, ours: str = OURS, theirs: str | None = THEIRS
) -> Explained:
    assert theirs is not None
    place, reference = Place(ours, SOFTMAX), Place(theirs, SOFTMAX + LOWER)
    finding = Finding("its result", None, "softmax", place, reference, "")
    return Explained(1, index, [finding])


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


# -- Which verdict a line carries ----------------------------------------------------------


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


# -- Where each side is shown --------------------------------------------------------------


def shown(listing) -> str:
    """The lines of a listing as they are on the screen."""
    return "\n".join(listing.render_line(y).text for y in range(listing.size.height))


async def find_mistake(pilot, press) -> SourcePane:
    await settle(pilot)
    engine = FakeEngine.instances[-1]
    engine.ratios = engine.isolated = {ATTENTION: 300.0}
    await press(pilot, "c")
    engine.say(mistake(ATTENTION, engine.source, engine.reference))
    await settle(pilot)
    await press(pilot, "x", "4")
    return pilot.app.query_one(SourcePane)


async def test_the_lines_of_a_mistake_stand_one_above_the_other(app, press):
    async with app.run_test(size=(160, 50)) as pilot:
        pane = await find_mistake(pilot, press)
        ours, theirs = pane.candidate, pane.reference
        assert str(ours.border_title) == f"MAX model.py:{SOFTMAX}, softmax"
        assert str(theirs.border_title) == f"PyTorch openai.py:{SOFTMAX + LOWER}"
        assert f"❱ {SOFTMAX} ✗         return ops.softmax" in shown(ours)
        assert f"❱ {SOFTMAX + LOWER} ✗         return F.softmax" in shown(theirs)
        assert f"  {line('blocks.0.attn.key')} ✓         k = self.key(x)" in shown(ours)
        assert ours.region.bottom == theirs.region.y
        assert ours.size.height > theirs.size.height
        assert pane.place == Place(FakeEngine.instances[-1].source, SOFTMAX)


async def test_enlarged_they_stand_side_by_side_and_scroll_by_themselves(app, press):
    async with app.run_test(size=(160, 24)) as pilot:
        pane = await find_mistake(pilot, press)
        await press(pilot, "z")
        ours, theirs = pane.candidate, pane.reference
        assert pane.size.width == 160
        assert ours.region.y == theirs.region.y
        assert ours.region.right < theirs.region.x
        await press(pilot, "tab")
        assert app.focused is theirs
        before = ours.scroll_offset.y, theirs.scroll_offset.y
        await press(pilot, "home")
        assert (ours.scroll_offset.y, theirs.scroll_offset.y) == (before[0], 0)
        await press(pilot, "z")
        assert ours.region.bottom == theirs.region.y


async def test_where_there_are_few_lines_pytorch_has_one(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        pane = await find_mistake(pilot, press)
        assert pane.size.height < 8
        assert "F.softmax" in shown(pane.reference)
        assert pane.reference.size.height == 1
        assert "ops.softmax" in shown(pane.candidate)
        assert pane.candidate.size.height > 1


async def test_an_input_has_no_line_of_pytorchs_so_the_candidate_has_the_pane(app, press):
    async with app.run_test(size=(160, 50)) as pilot:
        pane = await find_mistake(pilot, press)
        assert pane.reference.display
        await press(pilot, "g")
        assert not pane.reference.display
        assert pane.candidate.region.height == pane.region.height
        assert "MAX gets noise as an input" in str(pane.candidate.border_title)


async def test_a_bad_save_shows_the_candidates_side_alone(app, press):
    async with app.run_test(size=(160, 50)) as pilot:
        pane = await find_mistake(pilot, press)
        source = FakeEngine.instances[-1].source
        bad = Diagnostic("graph", "syntax error", source, 4)
        FakeEngine.instances[-1].say(SourceSaved(source), Failed(bad, fatal=False))
        await settle(pilot)
        assert not pane.reference.display
        assert "model.py:4: syntax error" in str(pane.candidate.border_title)
        assert "✗" not in shown(pane.candidate)
        assert pane.place == Place(source, 4)


async def test_a_layer_that_is_never_called_still_has_pytorchs_line(app, press):
    async with app.run_test(size=(160, 50)) as pilot:
        await settle(pilot)
        await press(pilot, "s", "j")
        engine = FakeEngine.instances[-1]
        engine.say(
            Loaded(1, {"model": Place(engine.source, line("model"))}, 0.1),
            Compared(1, row("conv"), None, MISSING, 0.0, False),
            Stopped(1, row("conv"), 0.1),
        )
        await settle(pilot)
        pane = app.query_one(SourcePane)
        assert "nothing calls conv" in str(pane.candidate.border_title)
        assert f"❱ {line('conv') + LOWER} ?" in shown(pane.reference)


async def test_results_that_arrive_leave_what_was_scrolled_where_it_is(app, press):
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "s", "s", "4", "end")
        pane = app.query_one(SourcePane)
        scrolled = pane.candidate.scroll_offset.y
        assert scrolled > 0
        engine = FakeEngine.instances[-1]
        engine.say(compared(row("norm"), 300.0), Stopped(1, row("norm"), 0.1))
        await settle(pilot)
        assert f"{line('norm')} ✗" in shown(pane.candidate)
        assert pane.candidate.scroll_offset.y == scrolled
