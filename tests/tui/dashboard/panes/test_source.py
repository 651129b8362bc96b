"""Both sides' source: where each is shown, and which line is marked."""

from fakes import (
    ATTENTION,
    CALLS,
    LOWER,
    MISSING,
    NAMES,
    SOFTMAX,
    FakeEngine,
    compared,
    mistake,
    settle,
)

from debug.protocol.diagnostic import Diagnostic
from debug.protocol.messages import (
    Compared,
    Failed,
    Loaded,
    SourceSaved,
    Stopped,
)
from debug.protocol.values import Place
from tui.dashboard.panes.source import SourcePane


def row(name: str) -> int:
    return NAMES.index(name)


def line(name: str) -> int:
    return CALLS[name]


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
    async with app.run_test(size=(120, 32)) as pilot:
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
        await press(pilot, "s", "s", "4", "up")
        pane = app.query_one(SourcePane)
        scrolled = pane.candidate.scroll_offset.y
        assert scrolled > 0
        engine = FakeEngine.instances[-1]
        engine.say(compared(row("blocks.0"), 300.0), Stopped(1, row("blocks.0"), 0.1))
        await settle(pilot)
        assert f"{line('blocks.0')} ✗" in shown(pane.candidate)
        assert pane.candidate.scroll_offset.y == scrolled
