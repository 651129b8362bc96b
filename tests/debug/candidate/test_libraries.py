"""What one generation changes in the libraries does not reach the next."""

import builtins
from pathlib import Path

import pytest
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


def test_changes_of_a_source_that_then_fails_are_undone_too(tmp_path: Path):
    source = tmp_path / "port.py"
    source.write_text(f"{PATCHES}raise ValueError\n")
    with pytest.raises(Problem):
        load_source(source)
    source.write_text("")
    load_source(source)
    assert ops.gelu is GELU
