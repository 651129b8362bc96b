"""``maxwhisper completion``, tried in the shell itself."""

import shutil
import subprocess
from argparse import ArgumentParser
from pathlib import Path

import pytest
from in_process import maxwhisper

from tui.commands.completion import FILES, SHELLS, script_for
from tui.commands.parser import COMMANDS, build_parser


def completed(line: str, folder: Path) -> set[str]:
    """What bash offers for the last word of a line."""
    words = line.split(" ")
    script = f"""{script_for("bash", build_parser())}
    COMP_WORDS=({" ".join(repr(word) for word in words)})
    COMP_CWORD={len(words) - 1}
    "$(complete -p {words[0]} | sed 's/.*-F //; s/ .*//')" {words[0]} {words[-1]!r} ''
    printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    done = subprocess.run(
        ["bash", "-c", script], cwd=folder, capture_output=True, text=True, check=True
    )
    return {each.strip() for each in done.stdout.splitlines() if each.strip()}


@pytest.mark.process
@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("maxwhisper che", {"check"}),
        ("maxwhisper --ver", {"--version"}),
        ("maxwhisper check --only", {"--only-wrong"}),
        ("maxwhisper check --engine ", {"interpret", "compile"}),
        ("maxwhisper check --graph my_", {"my_port.py"}),
        ("maxwhisper completion ", set(SHELLS)),
        ("maxwhisper-tui --pau", {"--paused"}),
        ("maxwhisper-tui my_", {"my_port.py"}),
    ],
)
def test_bash_completes_both_programs(tmp_path: Path, line: str, offered: set[str]):
    (tmp_path / "my_port.py").touch()
    assert completed(line, tmp_path) >= offered


@pytest.mark.parametrize("shell", SHELLS)
def test_every_command_and_its_options_are_in_the_script(shell: str):
    done = maxwhisper("completion", shell)
    assert done.returncode == 0
    assert done.stderr == ""
    for name in COMMANDS:
        assert name in done.stdout
    assert "--only-wrong" in done.stdout
    assert "maxwhisper-tui" in done.stdout


def test_another_shell_is_one_line():
    done = maxwhisper("completion", "tcsh")
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "invalid choice: 'tcsh'" in line


def test_what_is_called_a_file_is_an_argument_of_some_command():
    parser = ArgumentParser()
    commands = parser.add_subparsers()
    for name, module in COMMANDS.items():
        module.add_arguments(commands.add_parser(name))
    found = {action.dest for each in commands.choices.values() for action in each._actions}
    assert FILES - {"log"} <= found  # which every command has, and no module adds
