"""A layer's values as files."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from editing import replace
from sessions import finished

from debug.engine.dumping import METADATA, Sides, write
from debug.protocol.diagnostic import Problem
from debug.protocol.messages import Compared, Dumped, Isolated, Message


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "dump"
    made.mkdir()
    return made


def numbers_in(folder: Path) -> dict:
    return json.loads((folder / METADATA).read_text())


def relative_error(folder: Path, prefix: str = "") -> float:
    ours = np.load(folder / f"{prefix}candidate.npy").astype("float64")
    theirs = np.load(folder / f"{prefix}reference.npy")
    return float(np.linalg.norm(ours - theirs) / np.linalg.norm(theirs))


@pytest.mark.max
def test_both_sides_of_a_layer_are_what_was_compared(toy_graph: Path, folder: Path):
    replace(toy_graph, "ops.gelu(", "1.5 * ops.gelu(")
    events: list[Message] = []
    session = finished(toy_graph, events)
    while not session.settled:
        session.go_on()
    index = len(session.names) - 1
    session.dump(index, str(folder))
    (dumped,) = (each for each in events if isinstance(each, Dumped))
    assert sorted(dumped.files) == sorted(each.name for each in folder.iterdir())
    assert np.load(folder / "reference.npy").dtype == np.float64
    assert np.load(folder / "candidate.npy").dtype == np.float32
    chained = next(e for e in events if isinstance(e, Compared) and e.index == index)
    isolated = next(e for e in events if isinstance(e, Isolated) and e.index == index)
    for prefix, divergence in (("", chained.chained), ("isolated-", isolated.divergence)):
        assert relative_error(folder, prefix) == pytest.approx(divergence.rel_l2)
    found = numbers_in(folder)
    assert found["chained"]["verdict"] == "diverged"
    assert found["isolated"]["rel_l2"] == pytest.approx(isolated.divergence.rel_l2)
    assert str(toy_graph.parent) not in json.dumps(found)


@pytest.mark.max
def test_an_input_has_both_sides_and_none_in_isolation(toy_graph: Path, folder: Path):
    session = finished(toy_graph, [])
    session.dump(0, str(folder))
    files = sorted(each.name for each in folder.iterdir())
    assert files == ["candidate.npy", METADATA, "reference.npy"]
    assert numbers_in(folder)["isolated"] is None


@pytest.mark.max
def test_a_layer_that_has_not_run_is_refused(toy_graph: Path, folder: Path):
    session = finished(toy_graph, [])
    session.load()
    with pytest.raises(Problem, match="has not run yet"):
        session.dump(1, str(folder))
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("dtype", "stored"),
    [
        (torch.float16, "float16"),
        (torch.bfloat16, "float32"),
        (torch.float8_e4m3fn, "float32"),
        (torch.int64, "int64"),
        (torch.bool, "bool"),
    ],
)
def test_every_type_is_stored_without_a_loss(folder: Path, dtype, stored: str):
    value = torch.tensor([[0.0, 1.0], [1.0, 0.0]]).to(dtype).T
    files = write(folder, Sides({"candidate": value}, {}), {})
    assert files == ["candidate.npy", METADATA]
    found = np.load(folder / "candidate.npy")
    assert str(found.dtype) == stored
    assert found.astype("float32").tolist() == value.float().tolist()
    said = numbers_in(folder)["files"]["candidate.npy"]
    assert said["dtype"] == str(dtype).removeprefix("torch.")
    assert said["stored_as"] == stored


def test_what_is_not_finite_leaves_the_metadata_strict(folder: Path):
    write(folder, Sides({}, {"floor": float("nan"), "chained": float("inf")}), {})
    assert numbers_in(folder)["floor"] is None


def test_a_folder_that_is_gone_is_a_problem(tmp_path: Path):
    with pytest.raises(Problem, match="can't write"):
        write(tmp_path / "gone", Sides({"candidate": torch.zeros(2)}, {}), {})
