"""The command on a port's file, with the folder's script as a process of its own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from editing import replace
from in_process import maxwhisper
from shell import ROOT

from tui.commands.repro_readme import readme

WITHOUT_US = """\
import runpy, sys
for name in ("core", "debug", "tui", "whisper"):
    sys.modules[name] = None
sys.path.insert(0, "")
runpy.run_path("repro.py", run_name="__main__")
"""
RIGHT, WRONG = "x = F.gelu(x)", 'x = F.gelu(x, "tanh")'


@pytest.mark.max
@pytest.mark.process
def test_a_ports_folder_fails_without_maxwhisper_until_it_is_mended(tmp_path: Path):
    port = Path(shutil.copy(ROOT / "tests" / "data" / "v3_port.py", tmp_path / "port.py"))
    replace(port, RIGHT, WRONG)
    folder = tmp_path / "folder"
    done = maxwhisper("repro", str(port), "--output", str(folder), "--json")
    assert done.returncode == 1, done.stderr
    metrics = json.loads(done.stdout)
    assert metrics["layer"] == "blocks.0"
    assert metrics["repro"]["output"].startswith("blocks.0: diverged")
    assert WRONG in (folder / metrics["file"]).read_text().splitlines()[metrics["line"] - 1]
    assert str(tmp_path) not in (folder / "metrics.json").read_text()
    assert (folder / "README.md").read_text().startswith("blocks.0 in port.py is wrong")
    replace(folder / "port.py", WRONG, RIGHT)
    mended = subprocess.run(
        [sys.executable, "-B", "-c", WITHOUT_US],
        cwd=folder,
        env=dict(os.environ),
        capture_output=True,
        text=True,
    )
    assert mended.returncode == 0, mended.stderr
    assert mended.stdout.startswith("blocks.0: ok")


def test_the_page_says_what_a_ports_layer_is_given():
    residual = {"layer": {"path": "attn"}, "module": "attention"}
    page = readme(
        {
            "layer": "output",
            "file": "max/pipelines/architectures/mpnet/graph.py",
            "line": 7,
            "op": "sub",
            "graph": "my_port.py",
            "check": {"isolated": None, "chained": {"verdict": "diverged"}},
            "causes": [],
            "emulated": ["float16"],
            "versions": {"python": "3.11", "max": "26.7.0", "transformers": "5.0"},
            "build": {"of": "port", "argument": {}, "aside": [residual], "own": ["mask"]},
        }
    )
    assert "mpnet/graph.py is wrong (diverged) at line 7, sub.\n" in page
    assert "it needs max 26.7.0, transformers 5.0.\n" in page
    assert 'The numbers under "check" are of float16 emulated' in page
    assert "it gets PyTorch's input, PyTorch's attn beside it, and mask as the port" in page
