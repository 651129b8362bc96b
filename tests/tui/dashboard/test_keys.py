from fakes import settle

from tui.dashboard.app import Dashboard
from tui.dashboard.keys import APP_KEYS, KEYS
from tui.dashboard.overlay_keys import VALUES_KEYS
from tui.dashboard.screens.help import HelpScreen
from tui.dashboard.values.screen import ValuesScreen
from tui.dashboard.view import View

MEANINGS = {
    "s": "step",
    "n": "next",
    "f": "finish",
    "c": "resume",
    "S": "step_back",
    "N": "next_back",
    "F": "finish_back",
    "C": "resume_back",
    "u": "outer",
    "d": "inner",
    "b": "breakpoint",
    "r": "again",
    "x": "root_cause(1)",
    "X": "root_cause(-1)",
    "slash": "search",
    "question_mark": "help",
    "q": "quit",
}


def test_the_keys_are_those_of_gdb_and_pudb():
    actions = {key.keys.split(",")[0]: key.action for key in KEYS}
    assert {key: actions[key] for key in MEANINGS} == MEANINGS


def test_no_key_means_two_things():
    keys = [key for entry in KEYS for key in entry.keys.split(",")]
    assert len(keys) == len(set(keys))


def test_every_key_has_an_action_and_an_explanation():
    for key in KEYS:
        owner = Dashboard if key in APP_KEYS else View
        assert hasattr(owner, f"action_{key.action.partition('(')[0]}")
        assert key.help


def test_the_values_have_keys_of_their_own():
    keys = [key for entry in VALUES_KEYS for key in entry.keys.split(",")]
    assert len(keys) == len(set(keys))
    for key in VALUES_KEYS:
        assert hasattr(ValuesScreen, f"action_{key.action.partition('(')[0]}")


async def test_the_help_page_names_every_key(app, press):
    async with app.run_test(size=(120, 150)) as pilot:
        await settle(pilot)
        await press(pilot, "question_mark")
        assert isinstance(app.screen, HelpScreen)
        text = "\n".join(strip.text for strip in app.screen._compositor.render_strips())
        for key in (*KEYS, *VALUES_KEYS):
            assert key.help in text
        await press(pilot, "escape")
        assert not isinstance(app.screen, HelpScreen)
