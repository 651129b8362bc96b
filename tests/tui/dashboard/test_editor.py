"""The key that opens the source in an editor, and what it says where it can't."""

import sys

import pytest
from fakes import settle

from debug.protocol.values import Place
from tui.dashboard.app import Dashboard
from tui.dashboard.editor import open_in


def told(app: Dashboard) -> list[str]:
    return [note.message for note in app._notifications]


@pytest.fixture(autouse=True)
def _no_editor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)


@pytest.mark.parametrize("width", [80, 120])
async def test_without_an_editor_it_says_what_to_set_and_which_file(app, press, width: int):
    async with app.run_test(size=(width, 24)) as pilot:
        await settle(pilot)
        await press(pilot, "c", "o")
        [note] = told(app)
        assert "export EDITOR=vim" in note
        assert "model.py:16" in note


async def test_an_input_has_no_source_to_open(app, press):
    async with app.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        await press(pilot, "s", "o")
        assert told(app) == ["no source is known here to open: select another layer"]


@pytest.mark.process
@pytest.mark.parametrize(
    ("editor", "says"),
    [
        ("no-such-editor-here", "set it to a program that is there"),
        ("vim '", "No closing quotation"),
        (f"{sys.executable} -c exit(3)", "ended with status 3"),
        (f"{sys.executable} -c pass", ""),
    ],
)
def test_an_editor_that_does_not_run_is_told(editor: str, says: str):
    problem = open_in(editor, Place("port.py", 3))
    assert says in problem
    assert bool(problem) == bool(says)
