"""Values beyond a shelf's room are in a file, and come back as they were."""

from pathlib import Path

import pytest
import torch

from debug.measure.shelf import InMemory, OnDisk, Shelf, cache_folder
from debug.protocol.diagnostic import Problem

VALUE = torch.randn(
    3, 5, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(0)
)


def test_the_first_values_stay_in_memory_and_the_others_do_not(tmp_path: Path):
    shelf = Shelf(VALUE.nbytes, tmp_path)
    first, second = shelf.put(VALUE), shelf.put(VALUE)
    assert isinstance(first, InMemory)
    assert isinstance(second, OnDisk)
    assert first.shape == second.shape == VALUE.shape


@pytest.mark.parametrize(
    "dtype", [torch.float64, torch.float32, torch.bfloat16, torch.int64, torch.bool]
)
def test_what_is_read_is_what_was_put_there(dtype: torch.dtype, tmp_path: Path):
    shelf = Shelf(0, tmp_path)
    values = [
        VALUE.to(dtype),
        VALUE.to(dtype)[1:].transpose(0, 2),
        torch.ones((), dtype=dtype),
    ]
    kept = [shelf.put(value) for value in values]
    for value, each in zip(values, kept, strict=True):
        assert torch.equal(each.read(), value)
        assert each.read().dtype == dtype


def test_a_value_without_numbers_needs_no_file(tmp_path: Path):
    assert Shelf(0, tmp_path).put(torch.zeros(0, 4)).read().shape == (0, 4)


def test_who_writes_into_what_was_read_changes_nothing(tmp_path: Path):
    kept = Shelf(0, tmp_path).put(VALUE)
    kept.read().zero_()
    assert torch.equal(kept.read(), VALUE)


def test_the_file_has_no_name_and_goes_with_the_process(tmp_path: Path):
    kept = Shelf(0, tmp_path / "new").put(VALUE)
    assert torch.equal(kept.read(), VALUE)
    assert list((tmp_path / "new").iterdir()) == []


def test_a_folder_that_takes_nothing_is_said_in_one_line(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Problem, match="set XDG_CACHE_HOME") as raised:
        Shelf(0, tmp_path / "file").put(VALUE)
    assert "\n" not in str(raised.value)


def test_the_folder_is_where_caches_are(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "/elsewhere")
    assert cache_folder() == Path("/elsewhere/maxwhisper")


def test_a_user_without_a_home_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch):
    def unknown() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", unknown)
    with pytest.raises(Problem, match=r"no home folder.*set HOME"):
        cache_folder()
