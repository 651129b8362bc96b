"""The pack of bugs to practise on, and what the debugger makes of it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from in_process import maxwhisper
from shell import ROOT, run_python

from core.practice.bugs import bugs, find_bug, planted
from debug.protocol.diagnostic import Problem


def test_there_are_enough_bugs_and_each_can_be_planted():
    assert len(bugs()) >= 45
    assert len({bug.name for bug in bugs()}) == len(bugs())
    sources = {planted(bug) for bug in bugs()}
    assert len(sources) == len(bugs())
    assert planted(None) not in sources
    for source in sources:
        compile(source, "encoder.py", "exec")


def test_no_hint_gives_the_bug_away():
    for bug in bugs():
        assert bug.name.replace("-", " ") not in bug.hint.lower()


def test_a_bug_that_is_not_there_is_named():
    with pytest.raises(Problem, match=r"no bug 'nothing': maxwhisper practice --list"):
        find_bug("nothing")


@pytest.mark.max
def test_the_layer_the_line_and_the_cause_are_found_as_often_as_promised():
    # In a window of 6 s attention costs a twentieth; `make bugpack` has the whole 30 s.
    done = run_python("-m", "scripts.bugpack", "--seconds", "6")
    assert done.returncode == 0, done.stdout
    assert re.search(r"first wrong layer right: .*, 100%", done.stdout)


def practice(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return maxwhisper("practice", *arguments, folder=folder)


def test_practice_writes_the_bug_and_keeps_its_name_to_itself(tmp_path: Path):
    done = practice(tmp_path, "softmax-axis", "--write")
    text = (tmp_path / "practice.py").read_text()
    assert done.returncode == 0
    assert planted(find_bug("softmax-axis")) in text
    assert "softmax-axis" not in text + done.stdout


def test_a_bug_that_somebody_is_at_is_left_as_it_is(tmp_path: Path):
    practice(tmp_path, "5", "--write")
    file = tmp_path / "practice.py"
    file.write_text(file.read_text() + "# half mended\n")
    assert practice(tmp_path, "--write").returncode == 0
    assert file.read_text().endswith("# half mended\n")
    other = practice(tmp_path, "6", "--write")
    assert (other.returncode, file.read_text().endswith("# half mended\n")) == (2, True)
    assert "is there already" in other.stderr


def test_a_file_of_that_name_is_not_overwritten(tmp_path: Path):
    (tmp_path / "practice.py").write_text("mine\n")
    assert practice(tmp_path, "5", "--write").returncode == 2
    assert (tmp_path / "practice.py").read_text() == "mine\n"


def test_the_solution_is_the_change_that_was_made(tmp_path: Path):
    shutil.copy(ROOT / "core" / "encoder.py", tmp_path)
    shown = practice(tmp_path, "no-ln-post", "--solution").stdout
    assert "-        x = self.ln_post(x)\n" in shown
    assert not re.search(r"^\+ ", shown, re.MULTILINE)
