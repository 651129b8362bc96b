import json
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from debug.protocol.diagnostic import Problem
from tui.commands import history

MACHINE = {
    "processor": "Abacus",
    "cores": 2,
    "memory": 8_000_000_000,
    "gpu": None,
    "system": "Linux x86_64",
    "versions": {"python": "3.11.7", "max": "26.7.0"},
}


def times(median: float) -> dict[str, float]:
    return {"median": median, "min": median - 0.1, "max": median + 0.2}


def saved(date: str, total: float = 2.0) -> dict[str, Any]:
    ran = {
        "backend": "max",
        "model": "micro",
        "device": "encoder on MAX cpu, decoder on cpu",
        "dtype": "float32",
        "audio": "speech.flac",
        "audio_seconds": 8.0,
        "runs": 3,
        "seconds": {
            "load": 1.5,
            "compile": 84.2,
            "encode": times(0.5),
            "decode": times(1.0),
            "total": times(total),
        },
        "real_time_factor": 0.25,
        "memory": {"process": 700_000_000, "device": None},
        "text": "hello",
    }
    return {
        "schema": 1,
        "kind": history.KIND,
        "date": date,
        "command": "maxwhisper bench",
        "machine": MACHINE,
        "backends": [ran, {"backend": "gpu", "unavailable": "there is none"}],
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "b.json").write_text(json.dumps(saved("2026-02-01", 3.0)))
    (tmp_path / "a.json").write_text(json.dumps(saved("2026-03-01")))
    return tmp_path


def test_saved_files_are_read_the_oldest_first(folder: Path):
    dates = [each["date"] for each in history.read_saved(folder)]
    assert dates == ["2026-02-01", "2026-03-01"]


def test_other_files_are_left_out_and_broken_ones_named(folder: Path, capsys):
    (folder / "other.json").write_text('{"kind": "something else"}')
    (folder / "broken.json").write_text("{")
    assert len(history.read_saved(folder)) == 2
    assert "broken.json: it is not JSON" in capsys.readouterr().err


def test_a_folder_without_saved_files_is_a_problem(tmp_path: Path):
    with pytest.raises(Problem, match="--save FILE"):
        history.read_saved(tmp_path)
    with pytest.raises(Problem, match="--save FILE"):
        history.read_saved(tmp_path / "missing")


def test_the_page_says_what_was_measured_how_and_on_what(folder: Path, capsys):
    assert history.run(folder, as_json=False) == 0
    page = (folder / history.PAGE).read_text()
    row = (
        "| max | float32 | 0.50 [0.40, 0.70] | 1.00 [0.90, 1.20] | 2.00 [1.90, 2.20] "
        "| 0.250 | 1.5 | 84 | 0.7 GB |"
    )
    assert row in page
    assert "gpu can't run: there is none" in page
    assert "2026-03-01 · micro, speech.flac (8.0 s), 3 runs · Abacus, 2 cores" in page
    assert "`maxwhisper bench` (a.json); python 3.11.7, max 26.7.0." in page
    assert "2.00 [1.90, 2.20]" in capsys.readouterr().out


def test_a_narrow_table_keeps_every_median_on_one_line():
    console = Console(width=80, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    history.print_figures(console, [saved("2026-02-01")])
    (row,) = [line for line in console.export_text().splitlines() if "float32" in line]
    assert row.split()[:6] == ["max", "float32", "0.50", "1.00", "2.00", "0.250"]
    assert row.split()[6:] == ["1.5", "84", "0.7", "GB"]
