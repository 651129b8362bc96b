"""The script for a GPU: which rows there are, and that none of them ends the others."""

import json
import os
from pathlib import Path

import pytest

from benchmarks.gpu_rows import schedule
from benchmarks.gpu_rows.children import Children
from benchmarks.gpu_rows.plan import Row, planned
from benchmarks.gpu_rows.report import Report
from benchmarks.gpu_rows.schedule import run_rows
from benchmarks.gpu_rows.table import encoders, floor_ms


class Played(Children):
    """Rows that say what they were told to say, without a process."""

    def __init__(self, **says: dict) -> None:
        self.says, self.order, self.device = says, [], "gpu:1"

    def run(self, row, limit, hear, cores):
        self.order.append(row.name)
        said = dict(self.says.get(row.name, {"says": "done"}))
        end = said.pop("end", "ended")
        if said:
            hear(said)
        return end

    def end(self) -> None:
        self.order.append("end")


def run(tmp_path: Path, rows: list[Row], children: Children, seconds: float = 60) -> Report:
    report = Report(tmp_path, "python benchmarks/gpu.py", "gpu:1")
    run_rows(rows, children, report, seconds)
    return report


def read(report: Report) -> dict:
    return json.loads(report.json_file.read_text())["rows"]


def test_a_row_that_fails_does_not_end_the_others(tmp_path: Path):
    children = Played(
        first={"problem": "its memory is full"}, second={"end": "killed by SIGSEGV"}
    )
    rows = [Row("first", ""), Row("second", ""), Row("third", "")]
    report = run(tmp_path, rows, children)
    found = {name: row["status"] for name, row in read(report).items()}
    assert found == {"first": "failed", "second": "failed", "third": "measured"}
    assert read(report)["second"]["problem"] == "killed by SIGSEGV"
    assert not report.all_good


def test_what_a_row_had_said_before_it_was_cut_off_is_kept(tmp_path: Path):
    children = Played(slow={"figures": {"layers": 12}, "end": "cut off"})
    row = read(run(tmp_path, [Row("slow", "")], children))["slow"]
    assert (row["status"], row["figures"]) == ("cut off", {"layers": 12})


def test_a_promise_that_is_not_kept_is_no_success(tmp_path: Path):
    children = Played(check={"says": "43 of 44 layers ok", "kept": False})
    report = run(tmp_path, [Row("check", "")], children)
    assert (read(report)["check"]["status"], report.all_good) == ("broken", False)


def test_words_are_those_of_another_row_or_the_promise_is_broken(tmp_path: Path):
    def heard(text: str) -> dict:
        return {"says": text, "figures": {"text": text}}

    children = Played(cpu=heard("red fox"), gpu=heard("red fox"), max=heard("red box"))
    rows = [Row("cpu", ""), Row("gpu", "", says_as="cpu"), Row("max", "", says_as="cpu")]
    found = read(run(tmp_path, rows, children))
    assert [found[name]["status"] for name in ("gpu", "max")] == ["kept", "broken"]
    assert found["max"]["says"] == "red box; cpu hears 'red fox'"


def test_a_row_waits_for_what_it_needs_and_a_timed_one_for_all_that_compiles(tmp_path):
    rows = [
        Row("kernels", "", builds=True),
        Row("encoder", "", builds=True),
        Row("check", "", needs=("kernels",)),
        Row("time", "", alone=True),
    ]
    children = Played()
    run(tmp_path, rows, children)
    order = children.order
    assert order.index("kernels") < order.index("check")
    assert order.index("encoder") < order.index("time")


def test_what_compiles_and_what_looks_have_cores_of_their_own(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(16)))
    building, looking = (
        schedule._cores_of(Row("", "", builds=builds)) for builds in (True, False)
    )
    assert not building & looking
    assert building | looking == set(range(16))
    assert schedule._cores_of(Row("", "", alone=True)) == set(range(16))
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    assert schedule._cores_of(Row("", "")) == {0, 1}


def test_no_row_begins_when_the_time_is_over(tmp_path: Path):
    children = Played()
    report = run(tmp_path, [Row("late", "")], children, seconds=0)
    assert (read(report)["late"]["status"], children.order) == ("not run", ["end"])


def test_the_files_are_named_after_the_card(tmp_path: Path):
    children = Played(card={"says": "it", "figures": {"card": "NVIDIA H100 80GB HBM3"}})
    report = run(tmp_path, [Row("card", "")], children)
    assert report.table_file.name == "gpu-nvidia-h100-80gb-hbm3.md"
    files = {path.name for path in tmp_path.iterdir()} - {"gpu-logs"}
    assert files == {report.table_file.name, report.json_file.name}


def test_a_process_that_dies_is_told_from_one_that_took_too_long(tmp_path: Path):
    import signal

    from benchmarks.gpu_rows import children

    log = tmp_path / "log"
    log.write_text("loading\n\nCUDA error: no kernel image\n\n")
    assert children._death(-signal.SIGSEGV) == "killed by SIGSEGV"
    assert children._last_words(log) == "CUDA error: no kernel image"


@pytest.mark.process
@pytest.mark.parametrize(
    ("measure", "limit", "end"),
    [("nothing:at_all", 60, "ended"), ("saves:saves", 0.1, "cut off")],
)
def test_a_rows_process_ends_by_itself_or_is_ended(tmp_path, measure, limit, end):
    heard: list[dict] = []
    assert (
        Children("cpu", tmp_path).run(Row("row", measure), limit, heard.append, {0}) == end
    )
    assert [list(message) for message in heard] == ([["problem"]] if end == "ended" else [])


@pytest.mark.parametrize("quick", [True, False])
@pytest.mark.parametrize("device", ["cpu", "gpu", "gpu:1"])
def test_rows_have_names_of_their_own_and_need_only_rows_before_them(device, quick):
    before: set[str] = set()
    for row in planned(device, quick):
        assert row.name not in before
        assert set(row.needs) <= before, row.name
        assert row.says_as is None or row.says_as in before
        before.add(row.name)


def test_a_gpu_has_all_its_precisions_and_backends():
    names = {row.name for row in planned("gpu", quick=False)}
    for dtype in ("float32", "float16", "bfloat16"):
        assert {f"check micro {dtype}", f"check random:large-v3 {dtype}"} <= names
        assert f"words max {dtype}" in names
    assert {"bugs float32", "bugs float16", "words gpu float16"} <= names
    assert {"time tiny torch-compiled float16", "time large-v3 max float16"} <= names


def test_the_quick_rows_are_rows_of_the_whole():
    whole = {row.name: row for row in planned("gpu", quick=False)}
    for row in planned("gpu", quick=True):
        assert whole[row.name].measure == row.measure


TIMED = {"dtype": "float16", "size": "tiny", "operations": 2e12, "bytes": 1e9}
RATES = {"matmul_float16": 4e14, "copy": 2e12}


def test_the_floor_is_the_slower_of_products_and_bytes():
    assert floor_ms(TIMED, RATES) == pytest.approx(5.0)
    assert floor_ms({**TIMED, "bytes": 2e10}, RATES) == pytest.approx(10.0)
    assert floor_ms(TIMED, {}) is None


def test_times_stand_beside_the_floor_and_pytorchs_eager_code():
    torch = {**TIMED, "side": "torch", "median_ms": 22.0, "least_ms": 21.0}
    ours = {**TIMED, "side": "max", "median_ms": 10.0, "least_ms": 9.5}
    rows = {
        "rates": {"figures": RATES},
        "time tiny torch float16": {"figures": torch},
        "time tiny max float16": {"figures": ours},
    }
    assert "| tiny max float16 | 10 | 9.5 | 2.0 | 2.20 times |  |" in encoders(rows)
