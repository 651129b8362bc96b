"""Names, errors and prints are anybody's text: they are shown, and never obeyed."""

import os
import signal
from pathlib import Path

import pytest
from fakes import FakeEngine, mistake, settle

from debug.protocol.diagnostic import Diagnostic
from debug.protocol.messages import (
    Event,
    Failed,
    OutcomeKnown,
    SourceSaved,
    decode_event,
    encode,
)
from debug.protocol.parent_end import Exited, Noise
from debug.protocol.values import Outcome
from tui.dashboard import engine_link
from tui.dashboard.app import Dashboard
from tui.dashboard.keys import KEYS
from tui.dashboard.leaving import LeftInOrder
from tui.dashboard.panes.listing import Listing
from tui.dashboard.panes.statistics import StatisticsPane
from tui.dashboard.panes.status import StatusBar

MARKUP = "[/x][b=2, k=3]"


def with_markup(news: Event | Noise | Exited) -> Event | Noise | Exited:
    """The same event with other names of layers."""
    if isinstance(news, Noise | Exited):
        return news
    return decode_event(encode(news).replace(b"blocks", MARKUP.encode()))


@pytest.fixture
def marked_up(app: Dashboard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dashboard:
    source = tmp_path / f"{MARKUP.replace('/', '')}.py"
    source.write_text((tmp_path / "model.py").read_text() + "# \x1b[2J\x9b1m\n")
    monkeypatch.setattr(FakeEngine, "_file", str(source))
    say = FakeEngine.say

    def say_with_markup(engine: FakeEngine, *news: Event | Noise | Exited) -> None:
        say(engine, *map(with_markup, news))

    monkeypatch.setattr(FakeEngine, "say", say_with_markup)
    monkeypatch.chdir(tmp_path)  # what a key writes is written there
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    return app


def title(app: Dashboard, pane: type[StatisticsPane | Listing]) -> str:
    content = app.query(pane).first()._border_title
    return content.plain if content else ""


async def test_markup_in_names_errors_and_prints_is_shown_as_it_is(marked_up, press):
    app = marked_up
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        engine = FakeEngine.instances[-1]
        engine.ratios = engine.isolated = {5: 300.0}
        await press(pilot, "c")
        engine.say(mistake(ours=engine.source), Noise(f"printed {MARKUP}"))
        await press(pilot, "x")
        assert MARKUP in title(app, StatisticsPane)
        problem = Diagnostic("graph", f"bad {MARKUP}", engine.source, 3, MARKUP)
        engine.say(SourceSaved(engine.source), Failed(problem, fatal=False))
        await settle(pilot)
        assert MARKUP in title(app, Listing)
        assert MARKUP in str(app.query_one(StatusBar).render())


async def test_no_key_ends_a_dashboard_that_shows_markup(marked_up, press):
    app = marked_up
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        engine = FakeEngine.instances[-1]
        engine.ratios = engine.isolated = {5: 300.0}
        await press(pilot, "c", "x")
        problem = Diagnostic("graph", f"bad {MARKUP}", engine.source, 3, MARKUP)
        for stale in (False, True):
            if stale:
                engine.say(Failed(problem, fatal=False))
                await settle(pilot)
            for key in KEYS:
                if key.action != "quit":
                    await press(pilot, key.keys.split(",")[0], "escape")
        FakeEngine.instances[-1].reload()
        await settle(pilot)
        assert app.is_running


async def test_escapes_in_a_source_are_not_sent_to_the_terminal(marked_up, press):
    app = marked_up
    async with app.run_test(size=(120, 60)) as pilot:
        await settle(pilot)
        await press(pilot, "c", "4", "G")
        shown = "".join(line.plain for line in app.query(Listing).first()._lines)
        assert "# " in shown
        assert not {"\x1b", "\x9b"} & set(shown)


async def test_an_event_that_can_not_be_shown_ends_in_a_line_and_not_in_a_spinner(
    app, press, monkeypatch
):
    def fails(_: Outcome) -> list[str]:
        raise IndexError("no such word")

    monkeypatch.setattr(engine_link.words, "outcome", fails)
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "c")
        outcome = Outcome("one", "two", 0, None, 0.0)
        FakeEngine.instances[-1].say(OutcomeKnown(1, outcome))
        await settle(pilot)
        assert "what the engine said can't be shown" in app.state.problem.message
        assert not app.state.activity.busy
        await press(pilot, "R")
        assert app.state.results.position >= 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
async def test_a_signal_ends_the_dashboard_in_order_and_the_engine_with_it(app, number):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        os.kill(os.getpid(), number)
        await settle(pilot)
    assert app.return_value == 128 + number
    assert not FakeEngine.instances[-1].alive


async def test_a_signal_while_the_panes_are_made_ends_the_dashboard_in_order(
    app: Dashboard, monkeypatch: pytest.MonkeyPatch
):
    loads = LeftInOrder.on_load

    def interrupted(self: LeftInOrder) -> None:
        loads(self)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(LeftInOrder, "on_load", interrupted)
    async with app.run_test(size=(120, 36)):
        pass  # it is leaving already
    assert app.return_value == 128 + signal.SIGINT
