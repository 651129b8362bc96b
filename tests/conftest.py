"""What tests of all parts share."""

import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Screens first: MAX leaves a thread in the process that is never quite idle, and
    Textual's tests wait for a process that is."""
    items.sort(key=lambda item: "tui" not in item.path.parts)


@pytest.fixture
def encoder(tmp_path: Path) -> Path:
    """A copy of the encoder to break."""
    return Path(shutil.copy(ROOT / "core" / "encoder.py", tmp_path / "encoder.py"))


@pytest.fixture
def toy_graph(tmp_path: Path) -> Path:
    """A copy of the port of two layers to break."""
    port = ROOT / "examples" / "two_layers" / "graph.py"
    return Path(shutil.copy(port, tmp_path / "graph.py"))
