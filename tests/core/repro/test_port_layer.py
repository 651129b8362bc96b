"""A layer of any port as a folder: what is written, and what its script makes of it."""

import ast
import json
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec
import pytest
from port_files import write_port
from ports import copied, edited
from reproduced import run_script

from core.messages import PortBuild, Reproduced
from core.repro.port_layer import SHARED, TEMPLATE, write_reproduction
from debug.protocol.diagnostic import Problem
from debug.protocol.verdict import LAYER

MODULAR = "max.pipelines.architectures.mpnet_modulev3"


@dataclass
class Folder:
    path: Path
    written: Reproduced

    @property
    def build(self) -> PortBuild:
        assert isinstance(self.written.build, PortBuild)
        return self.written.build

    def run(self) -> subprocess.CompletedProcess[str]:
        return run_script(self.path)

    def mend(self, file: str, wrong: str, right: str) -> None:
        edited(self.path, file, [(wrong, right)])


def folder_of(port: Path, layer: str, folder: Path) -> Folder:
    """The files of a layer, as the command would complete them."""
    folder.mkdir()
    options = {"port": str(port), "device": "cpu"}
    written = write_reproduction(options, layer, folder)
    metrics: dict[str, Any] = {"layer": layer, "device": "cpu", "dtype": "float32"}
    metrics |= {"limits": list(LAYER), "build": msgspec.to_builtins(written.build)}
    (folder / "metrics.json").write_text(json.dumps(metrics))
    return Folder(folder, written)


def broken(
    example: str, folder: Path, file: str, right: str, wrong: str, layer: str
) -> Folder:
    """A folder of an example in which some text was replaced."""
    folder.mkdir(exist_ok=True)
    there = folder / "port"
    there.mkdir()
    port = copied(example, there)
    edited(there, file, [(right, wrong)])
    return folder_of(port, layer, folder / "repro")


def is_wrong_until_mended(found: Folder, file: str, wrong: str, right: str) -> None:
    before = found.run()
    assert before.returncode == 1, before.stderr
    assert ": diverged, rel. L2 error" in before.stdout
    found.mend(file, wrong, right)
    after = found.run()
    assert after.returncode == 0, after.stderr
    assert ": ok, rel. L2 error" in after.stdout


@pytest.mark.max
def test_a_joined_projection_that_is_split_wrongly_fails_until_it_is_mended(tmp_path):
    right, wrong = "qkv[..., 2 * width :]", "qkv[..., width : 2 * width]"
    found = broken("gpt/port.py", tmp_path, "model.py", right, wrong, "h.0.attn")
    assert found.build.modules == ["blocks.0.attention"]
    assert set(found.written.copies.values()) == {"port.py", "model.py"}
    assert "transformers" in found.written.versions
    is_wrong_until_mended(
        found, "model.py", f"v = self.by_head({wrong}", f"v = self.by_head({right}"
    )


@pytest.mark.max
def test_a_kernel_in_the_wrong_layout_fails_until_the_port_file_is_mended(tmp_path):
    right, wrong = "permute(2, 3, 1, 0)", "permute(3, 2, 1, 0)"
    found = broken("conv/port.py", tmp_path, "port.py", right, wrong, "0")
    assert found.build.layer.axes == [0, 2, 3, 1]
    assert found.build.argument is not None
    assert found.build.argument.shape == [2, 12, 12, 3]
    is_wrong_until_mended(found, "port.py", wrong, right)


@pytest.fixture
def mpnet(tmp_path: Path) -> Path:
    """Modular's MPNet of `max.experimental.nn` as a port of one's own."""
    port = copied("mpnet_v3.py", tmp_path)
    spec = find_spec(f"{MODULAR}.graph")
    assert spec is not None
    assert spec.origin is not None
    graph = Path(spec.origin).read_text().replace("from .model", f"from {MODULAR}.model")
    (tmp_path / "graph.py").write_text(graph)
    edited(tmp_path, port.name, [(f"from {MODULAR}.graph ", "from graph ")])
    return port


@pytest.mark.max
def test_a_layer_of_several_inputs_gets_the_references_residual(mpnet, tmp_path):
    right, wrong = "hidden_states + input_tensor", "hidden_states - input_tensor"
    edited(tmp_path, "graph.py", [(right, wrong)])
    found = folder_of(mpnet, "encoder.layer.1.output", tmp_path / "repro")
    assert found.build.is_v3
    assert [each.module for each in found.build.aside] == ["encoder.layer.1.attention"]
    is_wrong_until_mended(found, "graph.py", wrong, right)


@pytest.mark.max
def test_a_mask_that_the_port_makes_stays_the_ports_own(mpnet, tmp_path):
    found = folder_of(mpnet, "encoder.layer.0.attention", tmp_path / "repro")
    assert found.build.own == ["attention_mask"]
    assert found.build.sizes == {"batch_size": 2, "seq_len": 12}
    done = found.run()
    assert (done.returncode, done.stderr) == (0, "")
    assert "encoder.layer.0.attention: ok" in done.stdout


@pytest.mark.max
def test_inputs_that_nothing_seeds_are_the_same_on_every_run(tmp_path: Path):
    seeded = "torch.manual_seed(1)"
    port = write_port(tmp_path, (seeded, "torch.seed()"), ("+ self.bias", "- self.bias"))
    found = folder_of(port, "grow", tmp_path / "repro")
    first, second = found.run(), found.run()
    assert first.stdout == second.stdout
    assert first.returncode == 1


@pytest.mark.max
def test_a_port_that_can_not_be_run_is_no_wrong_layer(tmp_path: Path):
    found = folder_of(write_port(tmp_path), "grow", tmp_path / "repro")
    found.mend("my_port.py", "import torch\n", "import torch, nothing_of_that_name\n")
    done = found.run()
    assert done.returncode == 2
    assert done.stdout == (
        "grow: can't be run, ModuleNotFoundError: No module named 'nothing_of_that_name'\n"
    )


@pytest.mark.max
def test_a_layer_that_is_fed_another_shape_is_refused_with_what_to_do(tmp_path: Path):
    wrong = "self.first(ops.concat([x, x], axis=1))[:, :6]"
    port = write_port(tmp_path, ("self.first(x)", wrong))
    with pytest.raises(Problem, match=r"\[1, 12, 8\].*take the layer that calls it"):
        folder_of(port, "grow", tmp_path / "repro")


def test_a_file_with_a_name_of_the_folders_own_is_refused(tmp_path: Path):
    port = write_port(tmp_path, ("import torch\n", "import torch\nimport repro\n"))
    (tmp_path / "repro.py").write_text("")
    with pytest.raises(Problem, match=r"a repro has a repro\.py of its own"):
        folder_of(port, "grow", tmp_path / "folder")


def test_the_folders_files_use_nothing_of_this_project_and_no_private_name_of_max():
    files = [*(TEMPLATE / "port").rglob("*.py"), *SHARED]
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            names = [each.name for each in getattr(node, "names", ())]
            if isinstance(node, ast.ImportFrom):
                names = [] if node.level else [node.module or ""]
            elif not isinstance(node, ast.Import):
                continue
            roots = {name.partition(".")[0] for name in names}
            assert not roots & {"core", "debug", "tui", "whisper", "msgspec"}, file
            assert not [name for name in names if name.startswith("max._")], file
            if file.name != "max_v3.py":
                assert not [n for n in names if n.startswith("max.experimental")], file
