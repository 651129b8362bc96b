"""The config file is obeyed where it can be meant, and never keeps one from starting."""

from pathlib import Path

import pytest
from fakes import FakeEngine, settle
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from debug.protocol.messages import Open
from debug.protocol.values import Tolerance
from tui.dashboard.app import Dashboard
from tui.dashboard.arrangement import ColumnKey
from tui.dashboard.habits.config import Config, config_path, read_config
from tui.dashboard.habits.habits import Habits
from tui.dashboard.panes.source import SourcePane
from tui.dashboard.room import PaneSizes
from tui.settings import Settings

WHOLE = """
theme = "light"
columns = ["rel_l2", "ratio"]

[keys]
step = "ctrl+s, space"
fold = "F2"

[panes]
side = "source"
left = 60
bottom = 12

[tolerance]
rtol = 1e-3
atol = 0
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def read(file: Path, text: str) -> Config:
    file.write_text(text)
    return read_config(file)


def test_without_a_file_all_is_as_usual(file):
    assert read_config(file) == Config()


def test_every_entry_is_taken(file):
    config = read(file, WHOLE.replace("F2", "f2"))
    assert config.problems == []
    assert config.theme == "light"
    assert config.columns == [ColumnKey.REL_L2, ColumnKey.RATIO]
    assert config.keys == {"step": "ctrl+s,space", "fold": "f2"}
    assert config.side == "source"
    assert config.panes == PaneSizes(left=60, bottom=12)
    assert config.tolerance == Tolerance(1e-3, 0.0)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ('theme = "pink"', 1, "theme is 'pink'; allowed are dark, light, high-contrast"),
        (
            "\n\nthemes = 1",
            3,
            "themes is unknown; allowed are theme, columns, confirm, [keys]",
        ),
        ('columns = ["R"]', 1, "columns is 'R'; allowed are shape, ratio"),
        ("columns = 3", 1, "columns must be a list of shape, ratio"),
        ("keys = 3", 1, "keys is unknown; allowed are"),
        ('[keys]\n\nstop = "x"', 3, "keys.stop is no command; allowed are step, next"),
        ('[keys]\nstep = "entre"', 2, "keys.step has 'entre', which is no key"),
        ("[keys]\nstep = 7", 2, "keys.step is 7; allowed are keys such as"),
        ('[keys]\nstep = "q"', 2, "keys.step is 'q', which is quit's; allowed is any"),
        ("[panes]\nleft = 2", 2, "panes.left is 2; allowed are 3 to 500 cells"),
        ("[panes]\nleft = true", 2, "panes.left is True; allowed are 3 to 500 cells"),
        ("panes.width = 30", 1, "panes.width is unknown; [panes] has side, left, top"),
        ('[panes]\nside = "layers"', 2, "allowed are statistics, chart, source, log"),
        ("[tolerance]\nrtol = -1", 2, "tolerance.rtol is -1; allowed are numbers from 0"),
        ("[tolerance]\nrtol = nan", 2, "tolerance.rtol is nan"),
        ("theme = light", 1, "is no TOML (Invalid value): what is usual holds"),
    ],
)
def test_what_can_not_be_meant_is_said_with_its_line_and_what_is_allowed(
    file, text, line, says
):
    [problem] = read(file, text).problems
    assert (problem.path, problem.line) == (str(file), line)
    assert says in problem.message
    assert "\n" not in str(problem)


def test_one_bad_entry_costs_no_other(file):
    config = read(file, 'theme = "light"\n[panes]\nleft = "wide"\ntop = 20\n')
    assert (config.theme, config.panes) == ("light", PaneSizes(top=20))
    assert len(config.problems) == 1


def test_two_commands_that_change_keys_are_no_clash(file):
    config = read(file, '[keys]\nstep = "n"\nnext = "s"\n')
    assert config.problems == []
    assert config.keys == {"step": "n", "next": "s"}


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a" * 10, b"[" * 5000, b"\x1b[31m = 1"])
def test_what_is_no_toml_is_one_line_without_escapes(file, content: bytes):
    file.write_bytes(content)
    [problem] = read_config(file).problems
    assert "\x1b" not in str(problem)


def test_a_folder_in_its_place_is_said(file):
    file.mkdir()
    [problem] = read_config(file).problems
    assert "can't be read" in problem.message


@given(st.text(max_size=60))
@hypothesis_settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_text_breaks_it(tmp_path, text: str):
    file = tmp_path / "any.toml"
    file.write_text(text, errors="replace")
    for problem in read_config(file).problems:
        assert "\n" not in str(problem)


def test_it_is_where_xdg_says(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert config_path() == tmp_path / "maxwhisper" / "config.toml"


async def test_the_dashboard_has_the_keys_theme_columns_and_panes_of_the_config(
    app, press, file
):
    config = read(file, WHOLE.replace("F2", "f2"))
    made = Dashboard(Settings({"model": "imaginary"}, paused=True), Habits(config))
    async with made.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        assert made.theme == "light"
        assert made.state.columns == [ColumnKey.REL_L2, ColumnKey.RATIO]
        assert made.view.layers_pane.size.width == 60
        [opening] = [s for s in FakeEngine.instances[-1].sent if isinstance(s, Open)]
        assert opening.tolerance == Tolerance(1e-3, 0.0)
        await press(pilot, "space")
        assert made.state.results.position == 0
        await press(pilot, "s")
        assert made.state.results.position == 0
        await press(pilot, "question_mark")
        found = "\n".join(strip.text for strip in made.screen._compositor.render_strips())
        assert "ctrl+s space" in found
        await press(pilot, "escape")
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        assert made.query_one(SourcePane).display


async def test_a_broken_config_is_said_and_the_dashboard_is_there(app, press, file):
    config = read(file, 'theme = "pink"\n')
    made = Dashboard(Settings({"model": "imaginary"}, paused=True), Habits(config))
    async with made.run_test(size=(120, 36)) as pilot:
        await settle(pilot)
        [note] = list(made._notifications)
        assert note.message.startswith("config.toml:1: theme is 'pink'; allowed are dark")
        await press(pilot, "c")
        assert made.state.results.is_complete
