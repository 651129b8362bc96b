"""Who may load what: checked in a clean process, beside the contracts of import-linter."""

import ast
from pathlib import Path

import pytest
from shell import ROOT, run_python

MODULES_OF_THE_SCREEN = [
    "tui.dashboard.app",
    "tui.dashboard",
    "tui.commands.parser",
    "core.messages",
    "debug.protocol.parent_end",
    "debug.protocol.messages",
    "debug.results.run",
    "debug.results.stepper",
]


def loaded_by(module: str) -> set[str]:
    """The top-level packages that importing a module loads."""
    code = f"import sys, {module}; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = run_python("-c", code)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.process
@pytest.mark.parametrize("module", MODULES_OF_THE_SCREEN)
def test_the_screen_loads_neither_torch_nor_max(module):
    assert not loaded_by(module) & {"torch", "max", "whisper", "numpy"}


@pytest.mark.process
def test_the_debugger_loads_neither_whisper_nor_a_screen():
    assert not loaded_by("debug.engine.session") & {"whisper", "core", "textual", "tui"}


@pytest.mark.process
def test_core_loads_no_screen():
    assert not loaded_by("core.whisper") & {"textual", "tui"}


@pytest.mark.process
def test_the_command_lines_help_needs_no_dashboard():
    assert "textual" not in loaded_by("tui.dashboard")


def imported_by(file: Path) -> set[str]:
    """Every module and name that a file imports, in full."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def test_maxs_private_and_experimental_api_is_used_in_few_files():
    users = {
        str(file.relative_to(ROOT))
        for folder in ("core", "debug", "tui")
        for file in (ROOT / folder).rglob("*.py")
        if any(name.startswith(("max._", "max.experimental")) for name in imported_by(file))
    }
    parts = "dispatch", "internals", "kernels", "last_axis", "many_axes", "v3"
    copied = "core/repro/template/port/maxwhisper/max_v3.py"
    assert users == {copied, *(f"debug/candidate/max_{part}.py" for part in parts)}
