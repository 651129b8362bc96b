"""What runs is changed without a restart of the dashboard, and what can't be meant costs
nothing."""

import pytest
from fakes import ROWS, FakeEngine, settle
from textual.widgets import Static

from debug.protocol.diagnostic import Diagnostic, Problem
from debug.protocol.messages import Failed, Open
from debug.protocol.values import Mode
from tui.dashboard.app import Dashboard
from tui.dashboard.controls import CONTROLS, changed, controls_of, why_not
from tui.dashboard.panes.status import StatusBar
from tui.dashboard.screens.controls import ControlsScreen
from tui.settings import PORT, Settings

WHISPER = Settings({"model": "micro", "graph": "encoder.py", "start": 2.0})
A_PORT = Settings({"port": "/ports/bert.py"}, factory=PORT)


def engine() -> FakeEngine:
    return FakeEngine.instances[-1]


def opened() -> Open:
    [command] = [each for each in engine().sent if isinstance(each, Open)]
    return command


def said(app: Dashboard) -> str:
    return str(app.screen.query_one("#said", Static).render())


def test_what_is_typed_makes_other_settings_and_leaves_the_rest():
    made = changed(WHISPER, {"model": "tiny", "start": "0", "engine": "compile"})
    assert made.options == {"model": "tiny", "graph": "encoder.py"}
    assert made.mode is Mode.COMPILE


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("audio", "nowhere.wav", "input: nowhere.wav is not there"),
        ("audio", "/", "is a folder"),
        ("start", "soon", "start: 'soon' is no number of seconds from 0"),
        ("start", "-1", "from 0"),
        ("start", "inf", "from 0"),
        ("seconds", "0.5", "window: '0.5' is no number of seconds from 1"),
    ],
)
def test_what_can_not_be_meant_is_refused_with_what_may_be(name, text, says):
    with pytest.raises(Problem) as caught:
        changed(WHISPER, {name: text})
    assert says in caught.value.diagnostic.message


def test_a_port_says_itself_what_it_runs():
    assert [each.name for each in controls_of(A_PORT)] == ["device", "dtype", "engine"]
    said = why_not(CONTROLS[0], A_PORT)
    assert said == "bert.py says itself what it runs: change its input there, and save"


async def test_another_dtype_starts_the_engine_anew_and_keeps_what_is_the_persons(
    app, press
):
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "c", "k", "k", "b")
        selected, columns = app.view.cursor, list(app.state.columns)
        engine().ratios = {5: 300.0}
        await press(pilot, "E", "up", "up", "right", "enter")
        await settle(pilot)
        assert len(FakeEngine.instances) == 2
        assert opened().options == {"model": "imaginary", "dtype": "float64"}
        assert app.view.cursor == selected
        assert app.state.breakpoints == {ROWS[selected][0]}
        assert app.state.columns == columns
        assert app.state.results.is_complete
        assert app.state.results.before == {}


async def test_the_same_again_leaves_the_engine_alone(app, press):
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "c", "E", "enter")
        assert len(FakeEngine.instances) == 1
        await press(pilot, "E", "escape")
        assert not isinstance(app.screen, ControlsScreen)
        assert app.state.results.is_complete


async def test_a_file_that_is_not_there_is_said_and_nothing_is_lost(app, press):
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "c", "E", *"x.wav", "enter")
        assert "x.wav is not there" in said(app)
        await press(pilot, "escape")
        assert len(FakeEngine.instances) == 1
        assert app.state.results.is_complete


async def test_what_did_not_open_is_mended_where_it_was_typed(app, press, monkeypatch):
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "c")
        bad = Diagnostic("model", "there is no model tiny")
        send = FakeEngine.send

        def refuse(self: FakeEngine, command) -> None:
            is_bad = isinstance(command, Open) and command.options["model"] != "imaginary"
            if not is_bad:
                return send(self, command)
            self.sent.append(command)
            self.say(Failed(bad, fatal=True))
            return None

        monkeypatch.setattr(FakeEngine, "send", refuse)
        await press(pilot, "E", "down", "down", "down", *"tiny", "enter")
        assert "there is no model tiny (E changes what runs)" in str(
            app.query_one(StatusBar).render()
        )
        await press(pilot, "E")
        assert "there is no model tiny" in said(app)
        await press(pilot, *["down"] * 3, *"imaginary", "enter")
        await settle(pilot)
        assert app.state.results.is_complete
        assert app.view.cursor == len(ROWS) - 1


async def test_each_control_is_in_the_palette(app, press):
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        commands = {each.title: each for each in app.get_system_commands(app.screen)}
        for control in CONTROLS:
            assert f"engine: {control.label}" in commands
        commands["engine: dtype"].callback()
        await settle(pilot)
        assert app.focused is app.screen.query_one("#set-dtype")


async def test_a_port_is_told_why_its_input_is_not_changed_here(app, press):
    app.link.settings = A_PORT
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        app.action_controls("audio")
        await settle(pilot)
        assert "bert.py says itself what it runs" in said(app)
        assert not app.screen.query("#set-audio")


async def test_a_key_to_a_dead_engine_is_told_that_it_is_gone(app, press):
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "c")
        engine().die()
        await settle(pilot)
        await press(pilot, "p", "i")
        told = {note.message for note in app._notifications}
        assert told == {"the engine is gone: R restarts it"}
        await press(pilot, "E", "enter")
        await settle(pilot)
        assert len(FakeEngine.instances) == 2
        assert app.state.results.is_complete
