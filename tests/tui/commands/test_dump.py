"""``maxwhisper dump``: a layer's values in a folder, or one line and no folder."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from in_process import maxwhisper
from port_files import write_port

pytestmark = pytest.mark.max

CALL = "return self.second(ops.gelu(self.first(x)))"
RAISES = "x = self.first(x)\n        raise ValueError('stop')"


def test_a_layer_is_written_with_both_sides(tmp_path: Path):
    write_port(tmp_path)
    done = maxwhisper("dump", "grow", "my_port.py", folder=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("dump-grow is written: reference.npy, candidate.npy")
    folder = tmp_path / "dump-grow"
    ours, theirs = (np.load(folder / f"{s}.npy") for s in ("candidate", "reference"))
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() < 1e-5
    assert json.loads((folder / "metadata.json").read_text())["layer"] == "grow"


def test_a_layer_that_is_not_there_is_one_line_with_the_nearest_names(tmp_path: Path):
    write_port(tmp_path)
    done = maxwhisper("dump", "grew", "my_port.py", folder=tmp_path)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        "maxwhisper: there is no layer 'grew': is it grow?"
    )
    assert not list(tmp_path.glob("*dump*"))


def test_the_port_s_own_name_of_a_layer_is_known(tmp_path: Path):
    write_port(tmp_path)
    assert maxwhisper("dump", "first", "my_port.py", folder=tmp_path).returncode == 0
    facts = json.loads((tmp_path / "dump-first" / "metadata.json").read_text())
    assert (facts["layer"], facts["input"]) == ("grow", "x")
    done = maxwhisper("dump", "secnod", "my_port.py", folder=tmp_path)
    assert done.stderr.endswith("there is no layer 'secnod': is it second?\n")


def test_a_folder_that_is_there_is_refused_before_anything_runs(tmp_path: Path):
    (tmp_path / "dump-grow").mkdir()
    done = maxwhisper("dump", "grow", "gone.py", folder=tmp_path)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "is there already" in line
    done = maxwhisper("dump", "grow", "gone.py", "--output", "no/dump", folder=tmp_path)
    (line,) = done.stderr.splitlines()
    assert "there is no folder no" in line
    assert os.listdir(tmp_path) == ["dump-grow"]


def test_a_layer_before_one_that_raises_can_be_written(tmp_path: Path):
    write_port(tmp_path, (CALL, RAISES))
    assert maxwhisper("dump", "grow", "my_port.py", folder=tmp_path).returncode == 0
    done = maxwhisper("dump", "model", "my_port.py", folder=tmp_path)
    assert done.returncode == 2
    assert "model can't run: ValueError: stop" in done.stderr
    assert not (tmp_path / "dump-model").exists()


def test_the_folder_and_the_files_are_in_the_json(tmp_path: Path):
    write_port(tmp_path)
    given = "dump", "grow", "my_port.py", "--output", "here", "--json"
    found = json.loads(maxwhisper(*given, folder=tmp_path).stdout)
    assert found["folder"] == "here"
    assert sorted(found["files"]) == sorted(os.listdir(tmp_path / "here"))
