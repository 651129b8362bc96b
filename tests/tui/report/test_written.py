"""A report as a file, and what may be in its place already."""

from datetime import datetime
from pathlib import Path

import pytest
from broken_runs import run_with

from debug.protocol.diagnostic import Problem
from tui.report.contents import contents_of
from tui.report.written import KINDS, is_report, refuse_file, write_report

CONTENTS = contents_of(run_with(), {}, datetime(2026, 11, 27))


@pytest.mark.parametrize("ending", KINDS)
def test_a_report_is_known_again_and_may_be_written_again(tmp_path: Path, ending: str):
    file = tmp_path / f"report{ending}"
    refuse_file(file)
    assert not file.exists()
    write_report(file, CONTENTS)
    assert is_report(file)
    refuse_file(file)


@pytest.mark.parametrize("ending", KINDS)
def test_what_is_no_report_is_kept_unless_it_is_to_be_replaced(tmp_path: Path, ending: str):
    file = tmp_path / f"notes{ending}"
    file.write_text("mine, made after a maxwhisper report\n")
    with pytest.raises(Problem, match=r"is there already and is no report; .* --force"):
        refuse_file(file)
    refuse_file(file, force=True)
    assert file.read_text().startswith("mine")


@pytest.mark.parametrize("name", ["report", "report.pdf", "missing/report.html", "x.html/"])
def test_what_cant_be_written_is_refused_in_a_line(tmp_path: Path, name: str):
    if name.endswith("/"):
        (tmp_path / name).mkdir()
    with pytest.raises(Problem, match="give"):
        refuse_file(tmp_path / name)
    assert [each for each in tmp_path.rglob("*") if each.is_file()] == []
