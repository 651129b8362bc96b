"""What tests of all parts share."""

import ctypes
import shutil
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOY = ROOT / "tests" / "subjects"
sys.path.insert(0, str(TOY))
sys.path.insert(0, str(ROOT / "tests"))

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
if sys.platform == "linux":
    # As the engine's process has it: glibc is to keep the large blocks that are freed.
    ctypes.CDLL(None).mallopt(M_MMAP_MAX, 0)
    ctypes.CDLL(None).mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Screens first: MAX leaves a thread in the process that is never quite idle, and
    Textual's tests wait for a process that is."""
    items.sort(key=lambda item: "tui" not in item.path.parts)


@pytest.fixture
def encoder(tmp_path: Path) -> Path:
    """A copy of the encoder to break."""
    return Path(shutil.copy(ROOT / "core" / "encoder.py", tmp_path / "encoder.py"))


@pytest.fixture
def toy_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the toy's port to break; the engine process finds the toy, too."""
    monkeypatch.setenv("PYTHONPATH", str(TOY))
    return Path(shutil.copy(TOY / "graph.py", tmp_path / "graph.py"))
