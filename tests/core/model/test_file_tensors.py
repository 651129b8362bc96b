"""A checkpoint that is written over while it is open ends nobody's process."""

import os
import shutil
from pathlib import Path

import pytest
import torch

from core.model.checkpoint import MICRO, Checkpoint, load_checkpoint
from debug.protocol.diagnostic import Problem


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return Path(shutil.copy(MICRO, tmp_path / "mine.pt"))


@pytest.fixture
def opened(file: Path) -> Checkpoint:
    return load_checkpoint(str(file))


def test_what_was_read_stays_as_it_was(file: Path, opened: Checkpoint):
    before = load_checkpoint("micro").encoder_state()
    state = opened.encoder_state()
    os.truncate(file, 100)
    assert all(torch.equal(tensor, before[name]) for name, tensor in state.items())


@pytest.mark.parametrize("size", [0, 100, MICRO.stat().st_size])
def test_a_file_that_was_written_over_is_said_in_one_line(
    size: int, file: Path, opened: Checkpoint
):
    with file.open("r+b") as into:
        into.truncate(size)
        into.write(b"another")
    os.utime(file, (1, 1))
    with pytest.raises(Problem, match=r"mine\.pt was written over.*start again") as raised:
        opened.build_decoder()
    assert "\n" not in str(raised.value)


def test_a_file_that_was_replaced_or_deleted_is_still_there(file: Path, opened: Checkpoint):
    other = file.with_name("other.pt")
    other.write_bytes(b"another")
    other.replace(file)
    assert opened.encoder_state()
    file.unlink()
    assert opened.build_decoder()
