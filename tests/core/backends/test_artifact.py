"""Which compiled graphs are the same. Compiling them is left to the worker's process."""

from pathlib import Path

import msgspec
import pytest
from max.driver import CPU
from max.dtype import DType
from max.graph import DeviceRef, Graph, TensorType, ops

from core.backends import artifact
from core.backends.artifact import Record, artifact_file
from debug.protocol.diagnostic import Problem


def graph(constant: float = 1.0, size: int = 4) -> Graph:
    kind = TensorType(DType.float32, (size,), DeviceRef.CPU())
    table = [constant] * size
    return Graph(
        "g",
        lambda x: x.tensor + ops.constant(table, DType.float32, DeviceRef.CPU()),
        input_types=[kind],
    )


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def test_the_same_graph_has_the_same_file_in_the_projects_cache(cache: Path):
    file = artifact_file(graph(), CPU())
    assert file == artifact_file(graph(), CPU())
    assert file.parent == cache / "maxwhisper" / "encoders"


def test_another_constant_or_shape_is_another_file():
    files = {artifact_file(g, CPU()) for g in (graph(), graph(2.0), graph(size=5))}
    assert len(files) == 3


def test_a_constant_of_any_size_tells_graphs_apart():
    one, two = graph(1.0, 100_000), graph(1.5, 100_000)
    assert artifact_file(one, CPU()) != artifact_file(two, CPU())


def test_another_processor_or_version_is_another_file(monkeypatch):
    here = artifact_file(graph(), CPU())
    monkeypatch.setattr(artifact, "instruction_sets", lambda: "x86_64 sse2")
    there = artifact_file(graph(), CPU())
    monkeypatch.setattr(artifact, "version", lambda _: "26.8.0")
    assert len({here, there, artifact_file(graph(), CPU())}) == 3


def test_a_file_that_is_damaged_or_has_no_record_is_not_used(cache: Path):
    file = cache / "a.mef"
    assert artifact._read(file) is None
    file.write_bytes(b"what MAX would crash on")
    assert artifact._read(file) is None
    file.with_suffix(".json").write_bytes(msgspec.json.encode(Record("0" * 64, 1.0)))
    assert artifact._read(file) is None
    for damaged in (b"{", b'{"sha256": "\xff"}', b'{"a":' + b"[" * 100_000):
        file.with_suffix(".json").write_bytes(damaged)
        assert artifact._read(file) is None


def test_a_cache_that_cant_be_written_is_a_problem_before_compiling(cache: Path):
    (cache / "maxwhisper").write_text("a file where the folder should be")
    with pytest.raises(Problem, match="set XDG_CACHE_HOME"):
        artifact._make_folder(artifact.artifact_folder())
