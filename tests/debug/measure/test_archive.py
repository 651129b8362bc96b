"""What a session has measured of the reference is there for the next one, or not at all."""

import errno
import mmap
import os
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from debug.measure.archive import Archive
from debug.measure.archive_file import checksum
from debug.measure.shelf import Shelf
from debug.measure.truth import Truth, measure_isolated, measure_reference, put_away
from debug.protocol.diagnostic import Problem
from debug.protocol.values import Place

EXACT = torch.randn(
    1, 20, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0)
)


class Counts:
    """Computes truths, and knows how often."""

    times = 0

    def __call__(self, shelf: Shelf | None) -> dict[str, Truth]:
        self.times += 1
        whole = measure_reference(EXACT, EXACT.float(), (0, 2, 1))
        alone = measure_isolated(whole, EXACT.float(), EXACT.float())
        alone = replace(alone, place=Place("x.py", 3))
        empty = measure_reference(EXACT[:, :0], EXACT[:, :0].float())
        found = {"layer": alone, "empty": empty}
        shelf = shelf or Shelf()
        return {
            "input": measure_reference(EXACT[0, 0], EXACT[0, 0].float()),
            **{name: put_away(truth, shelf) for name, truth in found.items()},
        }


@pytest.fixture
def compute() -> Counts:
    return Counts()


def test_the_second_session_reads_what_the_first_has_computed(
    tmp_path: Path, compute: Counts
):
    first, second = (Archive(tmp_path).of("key", compute) for _ in range(2))
    assert compute.times == 1
    assert list(second) == list(first) == ["input", "layer", "empty"]
    for name, truth in second.items():
        expected = first[name]
        assert torch.equal(truth.exact, expected.exact)
        assert truth.exact.dtype == expected.exact.dtype
        assert (truth.stats, truth.axes, truth.place) == (
            expected.stats,
            expected.axes,
            expected.place,
        )
        assert truth.floor == expected.floor
    isolated, expected = second["layer"].isolated, first["layer"].isolated
    assert isolated is not None
    assert expected is not None
    assert torch.equal(isolated.argument, expected.argument)
    assert second["layer"].when_isolated.floor == first["layer"].when_isolated.floor


def test_another_key_is_computed_anew(tmp_path: Path, compute: Counts):
    Archive(tmp_path).of("one", compute)
    Archive(tmp_path).of("other", compute)
    assert compute.times == 2


@pytest.mark.parametrize("kept", [0, 10, 100, 5000, -1])
def test_a_file_that_is_cut_off_is_deleted_and_computed_anew(
    kept: int, tmp_path: Path, compute: Counts
):
    archive = Archive(tmp_path)
    archive.of("key", compute)
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:kept])
    assert archive.read("key") is None
    assert not file.exists()
    archive.of("key", compute)
    assert compute.times == 2


def test_an_index_with_another_byte_counts_as_none(tmp_path: Path, compute: Counts):
    archive = Archive(tmp_path)
    archive.of("key", compute)
    (file,) = tmp_path.iterdir()
    changed = bytearray(file.read_bytes())
    changed[-200] ^= 1
    file.write_bytes(changed)
    assert archive.read("key") is None


def test_a_damaged_value_is_said_in_one_line_and_is_gone_at_the_next_start(
    tmp_path: Path, compute: Counts
):
    archive = Archive(tmp_path)
    archive.of("key", compute)
    (file,) = tmp_path.iterdir()
    changed = bytearray(file.read_bytes())
    changed[mmap.ALLOCATIONGRANULARITY] ^= 1  # the argument comes before it
    file.write_bytes(changed)
    found = archive.read("key")
    assert found is not None
    with pytest.raises(Problem, match=r"damaged.*start again") as raised:
        _ = found["layer"].exact
    assert "\n" not in str(raised.value)
    assert archive.read("key") is None


def test_what_was_used_longest_ago_makes_room(tmp_path: Path, compute: Counts):
    Archive(tmp_path).of("first", compute)
    size = next(tmp_path.iterdir()).stat().st_size
    archive = Archive(tmp_path, bound=2 * size)
    archive.of("second", compute)
    for age, key in enumerate(("second", "first")):
        os.utime(tmp_path / f"{key}.truth", (1000 - age, 1000 - age))
    archive.of("first", compute)  # used just now
    archive.of("third", compute)
    assert {each.stem for each in tmp_path.iterdir()} == {"first", "third"}


def test_what_is_larger_than_all_room_is_used_and_not_kept(tmp_path: Path, compute: Counts):
    found = Archive(tmp_path, bound=100).of("key", compute)
    assert torch.equal(found["layer"].exact, EXACT.transpose(1, 2))
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_fails_leaves_nothing(tmp_path: Path):
    def fails(shelf: Shelf | None) -> dict[str, Truth]:
        assert shelf is not None
        shelf.put(EXACT)
        raise Problem("reference", "it can't run")

    with pytest.raises(Problem, match="it can't run"):
        Archive(tmp_path).of("key", fails)
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_has_left_is_swept_away(tmp_path: Path, compute: Counts):
    left, own = tmp_path / f"key.{2**22 + 1}", tmp_path / f"other.{os.getpid()}"
    left.write_bytes(b"half")
    own.write_bytes(b"of another session in this process")
    Archive(tmp_path).of("key", compute)
    assert not left.exists()
    assert own.exists()


def test_without_a_folder_all_is_computed(tmp_path: Path, compute: Counts):
    (tmp_path / "file").write_text("")
    found = Archive(tmp_path / "file").of("key", compute)
    assert torch.equal(found["layer"].exact, EXACT.transpose(1, 2))


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_no_single_number_changes_without_its_checksum(dtype: torch.dtype):
    value = torch.arange(1, 12).to(dtype)
    before = checksum(value)
    for index in range(len(value)):
        changed = value.clone()
        changed[index] *= -1
        assert checksum(changed) != before


def test_an_archive_of_somebody_else_is_read_and_left_as_it_is(
    tmp_path: Path, compute: Counts, monkeypatch: pytest.MonkeyPatch
):
    archive = Archive(tmp_path)
    archive.of("key", compute)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    for name in ("touch", "unlink"):
        monkeypatch.setattr(Path, name, refuse)
    assert archive.read("key") is not None
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    changed = bytearray(whole)
    changed[mmap.ALLOCATIONGRANULARITY] ^= 1
    file.write_bytes(changed)
    found = archive.read("key")
    assert found is not None
    with pytest.raises(Problem, match="delete the file"):
        _ = found["layer"].exact
    file.write_bytes(whole[:10])
    assert archive.read("key") is None
