"""What is said and noted of kernels; none is compiled here."""

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from max.driver import CPU, Device
from max.dtype import DType

from debug.candidate import kernel_cache, kernels, max_internals, max_kernels
from debug.protocol.diagnostic import Problem

WHERE = DType.float32, CPU()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(max_internals, "cache_folder", lambda: tmp_path)
    return tmp_path


def lacking(monkeypatch: pytest.MonkeyPatch, *keys: str) -> list[list[str]]:
    """Kernels that this process lacks; what is compiled together is noted."""
    compiled: list[list[str]] = []
    missing = [SimpleNamespace(key=key) for key in keys]
    monkeypatch.setattr(kernels, "missing_kernels", lambda *_: missing)
    monkeypatch.setattr(
        max_kernels,
        "compile_together",
        lambda ks, *_: compiled.append([k.key for k in ks]),
    )
    return compiled


def warmed() -> list[str]:
    said: list[str] = []
    kernels.warm(*WHERE, said.append)
    return said


def test_a_machines_first_time_takes_minutes_and_the_next_does_not(monkeypatch):
    compiled = lacking(monkeypatch, "gelu", "add")
    assert warmed() == ["compiling 2 kernels, once on this machine: 1 to 3 minutes"]
    assert warmed() == ["loading 2 kernels"]
    assert compiled == [["gelu", "add"]] * 2


def test_other_kernels_than_those_noted_are_compiled(monkeypatch):
    lacking(monkeypatch, "gelu")
    warmed()
    lacking(monkeypatch, "gelu", "add")
    assert "compiling 2 kernels" in warmed()[0]


def test_where_none_is_missing_nothing_is_said(monkeypatch, cache: Path):
    compiled = lacking(monkeypatch)
    assert (warmed(), compiled, list(cache.iterdir())) == ([], [], [])


def test_a_note_is_of_one_device_and_one_precision(cache: Path):
    notes = {kernel_cache.stamp(dtype, CPU()) for dtype in (DType.float32, DType.bfloat16)}
    assert len(notes) == 2
    assert all(note is not None and note.parent == cache for note in notes)


def test_without_a_cache_every_time_is_the_first(monkeypatch):
    monkeypatch.setattr(max_internals, "cache_folder", lambda: None)
    lacking(monkeypatch, "gelu")
    assert kernel_cache.stamp(*WHERE) is None
    assert "compiling" in warmed()[0]
    assert "compiling" in warmed()[0]


def test_a_note_that_cant_be_written_stops_nothing(monkeypatch, cache: Path):
    monkeypatch.setattr(max_internals, "cache_folder", lambda: cache / "nowhere")
    compiled = lacking(monkeypatch, "gelu")
    warmed()
    assert compiled == [["gelu"]]


def test_kernels_of_every_gpu_architecture_and_precision_have_a_note_of_their_own():
    def note(number: int, architecture: str, dtype: DType) -> Path | None:
        gpu = SimpleNamespace(
            label="gpu", id=number, is_host=False, architecture_name=architecture
        )
        return kernel_cache.stamp(dtype, cast(Device, gpu))

    notes = {
        note(0, "sm_90a", DType.float32),
        note(0, "sm_90a", DType.float16),
        note(0, "sm_80", DType.float32),
        note(1, "sm_90a", DType.float32),
        kernel_cache.stamp(*WHERE),
    }
    assert len(notes) == 5


def test_what_was_compiled_before_and_can_not_be_loaded_is_a_damaged_cache(
    monkeypatch, cache: Path
):
    lacking(monkeypatch, "gelu")
    warmed()

    def fails(*_: object) -> None:
        raise RuntimeError("Failed to compile the model. Please file an issue")

    monkeypatch.setattr(max_kernels, "compile_together", fails)
    with pytest.raises(Problem, match="its cache is damaged; delete") as raised:
        warmed()
    assert str(cache) in str(raised.value)
    lacking(monkeypatch, "add")
    monkeypatch.setattr(max_kernels, "compile_together", fails)
    with pytest.raises(RuntimeError):  # it never could: that is no damage
        warmed()
