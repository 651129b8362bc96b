"""``maxwhisper report``: a page of the whole comparison, and what it refuses."""

import json
import os
from pathlib import Path

import pytest
from in_process import maxwhisper
from port_files import write_port

pytestmark = pytest.mark.max

CALL = "return self.second(ops.gelu(self.first(x)))"
WRONG = "return self.second(ops.gelu(self.first(x), approximate='tanh'))"
RAISES = "x = self.first(x)\n        raise ValueError('stop')"


def test_a_page_is_written_and_the_answer_said(tmp_path: Path):
    port = write_port(tmp_path, (CALL, WRONG))
    done = maxwhisper("report", "found.html", str(port), folder=tmp_path)
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "found.html is written."
    assert "First wrong: model (diverged)" in done.stdout
    page = (tmp_path / "found.html").read_text()
    assert "GELU by tanh" in page
    assert "ops.gelu(self.first(x), approximate=&#39;tanh&#39;)" in page
    assert str(tmp_path) not in page


def test_a_quiet_report_says_no_progress(tmp_path: Path):
    port = write_port(tmp_path, (CALL, WRONG))
    done = maxwhisper("report", "found.md", str(port), "--quiet", folder=tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.splitlines()[-1] == "found.md is written."


def test_a_report_of_what_cant_run_to_its_end_has_the_layers_before(tmp_path: Path):
    port = write_port(tmp_path, (CALL, RAISES))
    done = maxwhisper("report", "found.md", str(port), "--json", folder=tmp_path)
    assert done.returncode == 2
    assert json.loads(done.stdout)["file"] == "found.md"
    text = (tmp_path / "found.md").read_text()
    assert "It can't run to its end" in text
    assert "`grow`" in text


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("found.pdf", "ends in .html or .md"),
        ("missing/found.html", "folder that exists"),
        ("notes.md", "--force"),
    ],
)
def test_a_file_that_cant_be_is_refused_before_anything_runs(tmp_path, name, said):
    (tmp_path / "notes.md").write_text("mine")
    done = maxwhisper("report", name, "no-such-port.py", folder=tmp_path)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert said in line
    assert os.listdir(tmp_path) == ["notes.md"]
    assert (tmp_path / "notes.md").read_text() == "mine"


def test_an_issue_is_printed_without_a_path_of_this_machine(tmp_path: Path):
    port = write_port(tmp_path, (CALL, WRONG))
    done = maxwhisper("check", str(port), "--markdown", "--quiet")
    assert done.returncode == 1
    assert "1. `my_port.py:" in done.stdout
    assert str(tmp_path) not in done.stdout
    assert done.stderr == ""


def test_test_results_are_written_beside_what_is_printed(tmp_path: Path):
    port = write_port(tmp_path, (CALL, WRONG))
    done = maxwhisper("check", str(port), "--junit", "results.xml", folder=tmp_path)
    assert done.returncode == 1
    assert "First wrong" in done.stdout
    assert '<failure type="diverged" message="my_port.py:' in results_in(tmp_path)


def test_results_of_an_earlier_run_do_not_stand_for_one_that_could_not_begin(tmp_path):
    (tmp_path / "results.xml").write_text("<testsuites></testsuites>")
    done = maxwhisper("check", "gone.py", "--junit", "results.xml", folder=tmp_path)
    assert done.returncode == 2
    assert "gone.py" in done.stderr
    assert '<error type="' in results_in(tmp_path)


def results_in(folder: Path) -> str:
    assert [each.name for each in folder.glob("*.xml")] == ["results.xml"]
    return (folder / "results.xml").read_text()


def test_two_ways_to_print_are_one_too_many():
    done = maxwhisper("check", "--markdown", "--json")
    assert done.returncode == 2
    assert "leave one of them out" in done.stderr
