"""What one generation changes in the libraries does not reach the next."""

import builtins
import os
import sys
from pathlib import Path

import pytest
import torch
from max import nn
from max.graph import ops

from debug.candidate.source import load_source
from debug.protocol.diagnostic import Problem

GELU, CALL, LEN = ops.gelu, nn.Module.raw_state_dict, builtins.len
PATCHES = """
from max import nn
from max.graph import ops
ops.gelu = ops.relu
del ops.tanh
nn.Module.raw_state_dict = lambda self: {}
"""


def test_changes_to_max_last_until_the_next_load(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    source = tmp_path / "port.py"
    source.write_text(PATCHES)
    load_source(source)
    assert ops.gelu is ops.relu
    assert "port.py has changed max" in capsys.readouterr().err
    source.write_text("from max.graph import ops\nFOUND = ops.gelu, ops.tanh\n")
    found, _ = load_source(source).module.FOUND
    assert found is GELU is ops.gelu
    assert nn.Module.raw_state_dict is CALL
    assert capsys.readouterr().err == ""


def test_changes_to_python_itself_are_undone_at_once(tmp_path: Path):
    source = tmp_path / "port.py"
    source.write_text("import builtins\nbuiltins.len = lambda x: 7\nSEVEN = len('')\n")
    assert load_source(source).module.SEVEN == 7
    assert builtins.len is LEN


@pytest.mark.parametrize(
    "patch",
    [
        "import os; os.getpid = lambda: 1",
        "import pathlib; pathlib.Path.read_bytes = None",
        "import pathlib; pathlib.PosixPath.read_bytes = None",
        "import torch; torch.Tensor.__add__ = None",
        "import sys; sys.modules['torch'] = None",
        "import sys; del sys.modules['json']",
    ],
)
def test_changes_to_what_the_debugger_needs_are_undone_at_once(
    patch: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    def needed() -> list[object]:
        modules = sys.modules["torch"], sys.modules["json"]
        return [os.getpid, Path.read_bytes, torch.Tensor.__add__, *modules]

    before, source = needed(), tmp_path / "port.py"
    source.write_text(patch)
    load_source(source)
    assert needed() == before
    assert "port.py has changed" in capsys.readouterr().err


def test_what_a_source_adds_to_a_library_stays(tmp_path: Path):
    source = tmp_path / "port.py"
    source.write_text("import torch; torch.Tensor.my_norm = lambda self: self")
    load_source(source)
    try:
        assert hasattr(torch.Tensor, "my_norm")
    finally:
        delattr(torch.Tensor, "my_norm")


def test_changes_of_a_source_that_then_fails_are_undone_too(tmp_path: Path):
    source = tmp_path / "port.py"
    source.write_text(f"{PATCHES}raise ValueError\n")
    with pytest.raises(Problem):
        load_source(source)
    source.write_text("")
    load_source(source)
    assert ops.gelu is GELU
