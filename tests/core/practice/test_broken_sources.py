"""Copies of a port's files, whose imports lead to each other."""

from pathlib import Path

import pytest

from core.practice.broken_sources import copies_of
from debug.protocol.diagnostic import Problem


@pytest.fixture
def library(tmp_path: Path) -> dict[str, Path]:
    """An architecture that is installed elsewhere."""
    folder = tmp_path / "installed"
    folder.mkdir()
    texts = {
        "graph": "from .config import Config\nfrom .layers import Layer\nfrom . import x\n",
        "layers": "import math\n",
        "adapters": "",
    }
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text)
    return {f"archs.bert.{name}": folder / f"{name}.py" for name in texts}


def copied(port: Path, library: dict[str, Path]) -> dict[str, str]:
    return {each.name: each.source.decode() for each in copies_of(port, library)}


def written(folder: Path, **texts: str) -> Path:
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text)
    return folder / "port.py"


def test_a_port_and_its_neighbours_are_copied_as_they_are(tmp_path: Path):
    port = written(tmp_path, port="import model  # mine\n", model="x = 1\n", other="")
    found = copied(port, {})
    assert found == {"port.py": "import model  # mine\n", "model.py": "x = 1\n"}


def test_an_architectures_files_are_imported_from_beside_the_port(tmp_path: Path, library):
    port = written(tmp_path, port="from archs.bert.graph import (\n    Bert as B,\n)\n")
    found = copied(port, library)
    assert list(found) == ["port.py", "bert_graph.py", "bert_layers.py"]
    assert found["port.py"] == "from bert_graph import (\n    Bert as B,\n)\n"
    assert found["bert_graph.py"].splitlines() == [
        "from archs.bert.config import Config",
        "from bert_layers import Layer",
        "from archs.bert import x",
    ]


MODULES = ["from archs.bert import graph as g\n", "import archs.bert.graph as g\n"]


@pytest.mark.parametrize("line", MODULES)
def test_a_module_that_is_imported_whole_keeps_its_name(tmp_path: Path, library, line: str):
    found = copied(written(tmp_path, port=line), library)
    assert found["port.py"] == "import bert_graph as g\n"


def test_a_port_in_a_package_keeps_the_package(tmp_path: Path, library):
    package = tmp_path / "mine"
    package.mkdir()
    port = written(package, __init__="", port="from .model import M\n", model="")
    written(package, model="from archs.bert.layers import Layer\n")
    assert copied(port, library) == {
        "mine/port.py": "from .model import M\n",
        "mine/model.py": "from mine.bert_layers import Layer\n",
        "mine/__init__.py": "",
        "mine/bert_layers.py": "import math\n",
    }


def test_a_file_that_is_no_text_is_named(tmp_path: Path):
    (tmp_path / "port.py").write_bytes(b"\xff")
    with pytest.raises(Problem, match="can't read"):
        copies_of(tmp_path / "port.py", {})
