"""What was compiled together is loaded together."""

from pathlib import Path

import pytest

from debug.candidate import kernel_cache, max_internals, max_kernels


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(max_internals, "cache_folder", lambda: tmp_path)
    return tmp_path


def test_what_is_needed_is_divided_into_what_was_compiled_together():
    for group in ("abc", "d", "ef"):
        kernel_cache.note(group)
    assert kernel_cache.compiled("abcde") == [["a", "b", "c"], ["d"]]


def test_no_kernel_is_in_two_groups():
    for group in ("abc", "cd"):
        kernel_cache.note(group)
    assert kernel_cache.compiled("abcd") == [["a", "b", "c"]]


def test_what_another_max_compiled_is_not_known(monkeypatch: pytest.MonkeyPatch):
    kernel_cache.note("ab")
    monkeypatch.setattr(kernel_cache, "version", lambda _: "99.1")
    assert kernel_cache.compiled("ab") == []


def test_the_notes_go_with_the_cache(monkeypatch: pytest.MonkeyPatch, cache: Path):
    kernel_cache.note("ab")
    for file in cache.iterdir():
        file.unlink()
    assert kernel_cache.compiled("ab") == []
    monkeypatch.setattr(max_internals, "cache_folder", lambda: None)
    kernel_cache.note("ab")
    assert kernel_cache.compiled("ab") == []


def test_a_note_that_cant_be_written_stops_nothing(monkeypatch, cache: Path):
    monkeypatch.setattr(max_internals, "cache_folder", lambda: cache / "nowhere")
    kernel_cache.note("ab")
    assert kernel_cache.compiled("ab") == []


def test_a_kernel_is_announced_only_where_it_is_compiled(monkeypatch: pytest.MonkeyPatch):
    said: list[str] = []
    compiled = "compile_single_target"
    monkeypatch.setattr(max_kernels.gc_compile, compiled, lambda *_: "model")
    with max_kernels.announcing_kernels(said.append):
        for key in ("gather", "gather", "cast"):
            getattr(max_kernels.gc_compile, compiled)(None, key, None, None)
    assert said == ["gather", "cast"]


def test_a_damaged_note_is_none(cache: Path):
    kernel_cache.note("ab")
    (note,) = cache.iterdir()
    note.write_bytes(b"\xff\x00\xfe")
    assert kernel_cache.compiled("ab") == []
    note.unlink()
    note.mkdir()
    kernel_cache.note("ab")
    assert kernel_cache.compiled("ab") == []
    assert list(cache.iterdir()) == [note]


def test_where_nothing_can_be_kept_is_said_with_what_to_do(monkeypatch, cache: Path):
    assert kernel_cache.why_not_kept() == ""
    monkeypatch.setattr(max_internals, "cache_folder", lambda: cache / "file" / "new")
    assert kernel_cache.why_not_kept() == ""
    (cache / "file").touch()
    assert "set MODULAR_CACHE_DIR" in kernel_cache.why_not_kept()
    monkeypatch.setattr(max_internals, "cache_folder", lambda: None)
    assert "set MODULAR_CACHE_DIR" in kernel_cache.why_not_kept()
