"""What tests of all parts share."""

import ctypes
import gc
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from shell import run_python  # noqa: E402

if "PYTEST_XDIST_WORKER" in os.environ:
    # Two workers with as many threads each as there are cores would wait for each other,
    # and MAX's threads burn the time in which they wait: each worker has its own cores.
    os.environ["OMP_NUM_THREADS"] = "1"
    if sys.platform == "linux":
        number = int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw"))
        workers = int(os.environ["PYTEST_XDIST_WORKER_COUNT"])
        own = sorted(os.sched_getaffinity(0))[number::workers]
        os.sched_setaffinity(0, own or os.sched_getaffinity(0))
    # readline sets these for whatever pytest starts, and they would overrule a terminal.
    os.environ.pop("COLUMNS", None)
    os.environ.pop("LINES", None)

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4
if sys.platform == "linux":
    # One test after the other needs as large blocks: glibc is to keep those that are freed.
    ctypes.CDLL(None).mallopt(M_MMAP_MAX, 0)
    ctypes.CDLL(None).mallopt(M_TRIM_THRESHOLD, 2**31 - 1)


SLOWEST_FIRST = [
    *("test_bugs.py", "test_planted_bugs.py", "test_transcribe.py", "test_dashboard.py"),
    *("test_commands.py", "test_interrupts.py", "test_micro_card.py", "test_process.py"),
]
"""Where two workers share the files, none is to be left with these at the end."""
STARTS_PROCESSES = ("process", "max", "terminal", "gpu")
"""The marks of tests that may."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Screens first: MAX leaves threads in a process that are never quite idle, and
    Textual's tests wait for a process that is."""
    slow = {name: place for place, name in enumerate(SLOWEST_FIRST)}

    def place(item: pytest.Item) -> tuple[bool, int]:
        has_screen = (ROOT / "tests" / "tui" / "dashboard") in item.path.parents
        return not has_screen, slow.get(item.path.name, len(slow))

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """Whatever is imported by now stays to the end: looking through it for garbage, again
    and again, is a quarter of what a test of a screen takes."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


@pytest.fixture(autouse=True)
def _nobodys_habits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither is a person's config read, nor their bookmarks and solved bugs written."""
    for name in ("CONFIG", "STATE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / f"xdg-{name.lower()}"))


@pytest.fixture(autouse=True)
def _tells_what_it_needs(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A test without a mark for it starts no process; one with MAX finds its kernels."""
    marks = {mark.name for mark in request.node.iter_markers()}
    if not marks & set(STARTS_PROCESSES):
        monkeypatch.setattr(subprocess.Popen, "__init__", refuse_process)
    if "max" in marks and "PYTEST_XDIST_WORKER" in os.environ:
        request.getfixturevalue("kernels")


def refuse_process(_: object, command: object, *__: object, **___: object) -> None:
    raise AssertionError(f"this test starts {command}: mark it process")


@pytest.fixture(scope="session")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> None:
    """On a machine that has not compiled them, one worker does and the others wait."""
    from max.driver import CPU
    from max.dtype import DType

    from debug.candidate.kernel_cache import stamp

    with FileLock(tmp_path_factory.getbasetemp().parent / "kernels.lock"):
        note = stamp(DType.float32, CPU())
        if note is None or not note.is_file():
            run_python("-m", "tui.commands", "warm")


@pytest.fixture
def no_lone_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """MAX's compiler refuses all that the interpreter can't run."""
    from debug.candidate import kernel_cache, max_kernels, preparation

    compile_together = max_kernels.compile_together

    def only_usual(kernels, graphs, device):
        if graphs:
            raise RuntimeError("no such operation")
        return compile_together(kernels, graphs, device)

    monkeypatch.setattr(max_kernels, "compile_together", only_usual)
    monkeypatch.setattr(preparation, "_models", {})
    monkeypatch.setattr(preparation, "_failed", {})
    monkeypatch.setattr(kernel_cache, "compiled", lambda _: [])


@pytest.fixture
def encoder(tmp_path: Path) -> Path:
    """A copy of the encoder to break."""
    return Path(shutil.copy(ROOT / "core" / "encoder.py", tmp_path / "encoder.py"))


@pytest.fixture
def toy_graph(tmp_path: Path) -> Path:
    """A copy of the port of two layers to break."""
    port = ROOT / "examples" / "two_layers" / "graph.py"
    return Path(shutil.copy(port, tmp_path / "graph.py"))
