"""``--version`` of both programs."""

import sys
from importlib.metadata import version

import pytest
from shell import run_python

from tui import versions
from tui.commands import main as commands
from tui.dashboard import main as dashboard
from tui.versions import MISSING, versions_line


@pytest.mark.parametrize("program", [commands, dashboard])
def test_both_programs_say_which_versions_are_installed(program, capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["program", "--version"])
    with pytest.raises(SystemExit) as end:
        program()
    assert not end.value.code
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(f"maxwhisper {version('maxwhisper-tui')}, max {version('max')}")
    assert f"torch {version('torch')}" in line


def test_what_is_not_installed_is_said_to_be_so(monkeypatch):
    monkeypatch.setattr(versions, "PACKAGES", {"max": "no-such-package-of-anybody"})
    assert versions_line().startswith(f"max {MISSING}, Python ")


@pytest.mark.process
def test_the_versions_are_told_without_loading_torch_or_max():
    code = "import sys; from tui.commands import main; sys.argv[1:] = ['--version']\n"
    code += "try: main()\nexcept SystemExit: print(*sys.modules)"
    done = run_python("-c", code)
    loaded = {name.partition(".")[0] for name in done.stdout.splitlines()[1].split()}
    assert "tui" in loaded
    assert not loaded & {"torch", "max", "numpy"}
