"""The files that show one layer by itself, without what runs them."""

import ast
from pathlib import Path
from types import ModuleType

import pytest
import torch
from editing import replace

from core.model.audio import BUNDLED_CLIP
from core.model.dims import dimensions
from core.model.openai_encoder import load_encoder, run_encoder
from core.model.openai_source import encoder_source
from core.model.random_weights import random_state
from core.repro.encoder_layer import CANDIDATE, OWN, TEMPLATE, reference_argument
from core.repro.sources import copy_sources
from core.whisper import open_subject
from debug.protocol.diagnostic import Problem
from debug.subject import Options


@pytest.fixture(scope="module")
def reference() -> ModuleType:
    """The source that is written, executed."""
    module = ModuleType("reference")
    exec(encoder_source(), module.__dict__)
    return module


def test_openais_encoder_computes_the_same_without_openai_whisper(reference):
    dims = dimensions("micro")
    assert dims is not None
    prefix = "encoder."
    state = random_state(dims, seed=3)
    state = {n.removeprefix(prefix): w for n, w in state.items() if n.startswith(prefix)}
    installed = load_encoder(dims, state)
    written = reference.AudioEncoder(80, 1500, 128, 2, 4)
    written.load_state_dict(state)
    found = []
    installed.register_forward_hook(lambda *call: found.append(call[2]))
    mel = torch.randn(1, 80, 3000, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        run_encoder(installed, mel)
        assert torch.equal(written(mel), found[0])


def test_openais_source_imports_nothing_but_torch_and_numpy_and_keeps_its_licence():
    source = encoder_source()
    assert source.startswith("# MIT License\n#\n# Copyright (c) 2022 OpenAI")
    imported = {
        name.partition(".")[0]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
        )
    }
    assert imported == {"typing", "numpy", "torch"}
    assert "TextDecoder" not in source


def test_the_script_uses_nothing_of_this_project_and_no_private_name_of_max():
    names = set()
    for node in ast.walk(ast.parse((TEMPLATE / "repro.py").read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    assert not names & {"core", "debug", "tui", "whisper"}
    assert not [name for name in names if name.startswith(("max._", "max.experimental"))]


def test_a_layers_argument_is_what_pytorch_feeds_it_in_float64():
    subject = open_subject(Options({"audio": str(BUNDLED_CLIP)}))
    layer = next(each for each in subject.layers if each.name == "conv2")
    argument = reference_argument(subject, layer)
    assert (argument.dtype, list(argument.shape)) == (torch.float64, [1, 128, 3000])
    assert list(subject.weights("conv2")) == ["conv2.weight", "conv2.bias"]
    assert len(subject.weights("encoder")) == 67


def test_what_a_candidate_imports_is_copied_beside_it(tmp_path: Path, encoder: Path):
    replace(encoder, "from max import nn\n", "from max import nn\nfrom parts import norm\n")
    (tmp_path / "parts").mkdir()
    for name in ("__init__", "norm", "unused"):
        (tmp_path / "parts" / f"{name}.py").write_text("")
    folder = tmp_path / "repro"
    folder.mkdir()
    copies = copy_sources(encoder, folder, OWN, CANDIDATE)
    assert set(copies.values()) == {"candidate.py", "parts/__init__.py", "parts/norm.py"}
    files = {str(f.relative_to(folder)) for f in folder.rglob("*.py")}
    assert files == {"candidate.py", "parts/norm.py", "parts/__init__.py"}


def test_what_a_package_imports_of_itself_is_copied_under_its_name(tmp_path: Path):
    package, folder = tmp_path / "port", tmp_path / "repro"
    package.mkdir()
    folder.mkdir()
    (package / "__init__.py").write_text("")
    (package / "norm.py").write_text("")
    (package / "encoder.py").write_text("from port.norm import LayerNorm\n")
    copy_sources(package / "encoder.py", folder, OWN, CANDIDATE)
    files = {str(f.relative_to(folder)) for f in folder.rglob("*.py")}
    assert files == {"candidate.py", "port/norm.py", "port/__init__.py"}


def test_a_file_of_the_candidates_that_has_a_name_of_ours_is_refused(tmp_path: Path):
    (tmp_path / "encoder.py").write_text("import reference\n")
    (tmp_path / "reference.py").write_text("")
    folder = tmp_path / "repro"
    folder.mkdir()
    with pytest.raises(Problem, match="give this one another name"):
        copy_sources(tmp_path / "encoder.py", folder, OWN, CANDIDATE)
