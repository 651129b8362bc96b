import json
from pathlib import Path

import pytest

from debug.protocol.diagnostic import Problem
from debug.protocol.messages import Progress
from tui.commands.shared.event_log import EventLog
from tui.commands.shared.progress import reporting


def lines(file: Path) -> list[dict]:
    return [json.loads(line) for line in file.read_text().splitlines()]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


def test_every_line_has_a_time_the_command_and_the_memory(file: Path):
    with EventLog.to(str(file), "check") as log:
        log.write("start")
        log.write("layer", name="conv1", ratio=float("inf"))
    first, second = lines(file)
    assert first["command"] == "check"
    assert first["memory"] > 1e6
    assert second["seconds"] >= first["seconds"] >= 0
    assert (second["event"], second["data"]) == ("layer", {"name": "conv1", "ratio": None})
    assert second["time"].endswith("+00:00")


def test_a_log_is_added_to(file: Path):
    for _ in range(2):
        with EventLog.to(str(file), "check") as log:
            log.write("start")
    assert len(lines(file)) == 2


def test_a_log_that_cant_be_written_is_a_problem(tmp_path: Path):
    with (
        pytest.raises(Problem, match="a folder that exists"),
        EventLog.to(str(tmp_path / "missing" / "log"), "check"),
    ):
        pass


def test_without_a_file_nothing_is_written(tmp_path: Path):
    with EventLog.to(None, "check") as log:
        log.write("start")
    assert list(tmp_path.iterdir()) == []


def test_a_stage_is_logged_once_however_often_it_gets_on(file: Path, capsys):
    with EventLog.to(str(file), "demo") as log, reporting(log, ("cpu", "max")) as reporter:
        for done in range(3):
            reporter.progress(Progress("transcribing", done, 2), "cpu")
        reporter.progress(Progress("transcribing"), "max")
    stages = [(line["data"]["what"], line["data"]["backend"]) for line in lines(file)]
    assert stages == [("transcribing", "cpu"), ("transcribing", "max")]
    assert capsys.readouterr().err.splitlines() == [
        "cpu: transcribing ...",
        "max: transcribing ...",
    ]
