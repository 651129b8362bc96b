"""A wrong layer as a folder that reproduces it standalone."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from fakes import MISSING, ROWS, compared, isolated, opened
from in_process import maxwhisper
from shell import ROOT

from core.practice.bugs import find_bug, planted
from debug.protocol.diagnostic import Problem
from debug.protocol.messages import Compared, Loaded
from debug.results.run import Run
from tui.commands.repro import choose, said

WITHOUT_US = """\
import runpy, sys
for name in ("core", "debug", "tui", "whisper"):
    sys.modules[name] = None
sys.path.insert(0, "")
runpy.run_path("repro.py", run_name="__main__")
"""


def outcome(wrong: dict[str, float], isolated_ratios: dict[str, float]) -> Run:
    """A run with the ratios of what is wrong in it, and in isolation."""
    run = Run()
    run.apply(opened())
    run.apply(Loaded(1, {}, 0.1))
    for index, (name, _) in enumerate(ROWS):
        run.apply(compared(index, wrong.get(name, 1.0)))
        run.apply(isolated(index, isolated_ratios.get(name, 1.0)))
    return run


def index_of(name: str) -> int:
    return [row[0] for row in ROWS].index(name)


def test_the_first_wrong_layer_is_chosen():
    run = outcome({"conv": 50.0, "model": 70.0}, {"conv": 50.0})
    assert choose(run, None) == index_of("conv")


def test_where_nothing_is_wrong_nothing_is_chosen():
    assert choose(outcome({}, {}), None) is None
    assert choose(outcome({}, {}), "conv") is None


def test_another_layer_can_be_asked_for():
    run = outcome({"conv": 50.0}, {"conv": 50.0, "norm": 30.0})
    assert choose(run, "norm") == index_of("norm")


def test_a_layer_that_is_never_called_is_shown_by_the_one_that_should():
    run = outcome({"model": 50.0}, {"model": 50.0})
    run.apply(Compared(1, index_of("norm"), None, MISSING, 0.0, False))
    assert choose(run, None) == index_of("model")


@pytest.mark.parametrize(
    ("wrong", "isolated", "asked", "says"),
    [
        ({"conv": 50.0}, {"conv": 50.0}, "blocks.7", "no layer 'blocks.7'"),
        ({"noise": 50.0}, {}, None, "noise comes before the layers"),
        ({"conv": 50.0}, {"conv": 50.0}, "norm", "right in isolation: try --layer conv"),
        ({"conv": 50.0}, {}, None, "conv is right in isolation"),
    ],
)
def test_what_no_single_layer_shows_is_refused(wrong, isolated, asked, says):
    with pytest.raises(Problem, match=says):
        choose(outcome(wrong, isolated), asked)


def test_a_script_that_does_not_show_the_mistake_is_not_passed_off_as_one_that_does():
    right = {"status": 0, "output": "conv: ok, R 1\n"}
    assert "does not show the mistake" in said(Path("repro-conv"), right, "conv", "model")
    crashed = {"status": -11, "output": "", "errors": ""}
    text = said(Path("repro-conv"), crashed, "conv", "model")
    assert "It could not run (exit status -11), so it does not show the mistake." in text


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--output", "tests"), "tests is there already"),
        (("--output", "missing/folder"), "there is no folder missing"),
    ],
)
def test_a_folder_that_can_not_be_made_is_refused_before_anything_runs(arguments, says):
    done = maxwhisper("repro", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("maxwhisper: ")
    assert says in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.max
def test_where_all_is_well_nothing_is_written(tmp_path: Path):
    folder = str(tmp_path / "folder")
    done = maxwhisper("repro", "--output", folder, "--seconds", "6")
    assert (done.returncode, list(tmp_path.iterdir())) == (0, [])
    assert done.stdout == "Nothing is wrong, so nothing was written.\n"


@pytest.mark.max
def test_a_bad_candidate_leaves_no_folder(tmp_path: Path):
    done = maxwhisper("repro", "--graph", "LICENSE", "--output", str(tmp_path / "folder"))
    assert (done.returncode, list(tmp_path.iterdir())) == (2, [])
    assert "syntax error" in done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is written of a planted bug."""
    there = tmp_path_factory.mktemp("repro")
    graph, folder = there / "port.py", there / "folder"
    graph.write_text(planted(find_bug("epsilon-1e-6")))
    window = "--seconds", "6"
    written = "--graph", str(graph), "--output", str(folder), "--json"
    done = maxwhisper("repro", *written, *window)
    assert done.returncode == 1, done.stderr
    assert json.loads(done.stdout)["layer"] == "blocks.0.attn_ln"
    assert sorted(there.iterdir()) == [folder, graph]
    return folder


def run_alone(folder: Path) -> subprocess.CompletedProcess[str]:
    """The script, where this project and openai-whisper can't be imported."""
    return subprocess.run(
        [sys.executable, "-B", "-c", WITHOUT_US],
        cwd=folder,
        env=dict(os.environ),
        capture_output=True,
        text=True,
    )


@pytest.mark.max
def test_the_folder_says_what_is_wrong_and_how_to_see_it(folder: Path):
    names = {file.name for file in folder.iterdir()}
    assert names == {
        *("repro.py", "candidate.py", "reference.py", "judging.py"),
        *("inputs.npz", "metrics.json", "README.md"),
    }
    metrics = json.loads((folder / "metrics.json").read_text(), parse_constant=pytest.fail)
    assert (metrics["file"], metrics["repro"]["status"]) == ("candidate.py", 1)
    line = (folder / "candidate.py").read_text().splitlines()[metrics["line"] - 1]
    assert "epsilon=1e-6" in line
    assert metrics["check"]["isolated"]["verdict"] == "diverged"
    assert "blocks.0.attn_ln: diverged" in metrics["repro"]["output"]
    readme = (folder / "README.md").read_text()
    assert readme.startswith("blocks.0.attn_ln in candidate.py is wrong (diverged) at line")
    assert readme.count("\n") == 3


@pytest.mark.max
def test_the_folder_fails_by_itself_until_its_candidate_is_mended(folder, tmp_path):
    moved = Path(shutil.copytree(folder, tmp_path / "elsewhere"))
    broken = run_alone(moved)
    assert broken.returncode == 1, broken.stderr
    assert "blocks.0.attn_ln: diverged" in broken.stdout
    shutil.copy(ROOT / "core" / "encoder.py", moved / "candidate.py")
    mended = run_alone(moved)
    assert mended.returncode == 0, mended.stderr
    assert "blocks.0.attn_ln: ok" in mended.stdout


@pytest.mark.max
def test_a_script_that_can_not_run_ends_with_2(folder: Path, tmp_path: Path):
    moved = Path(shutil.copytree(folder, tmp_path / "elsewhere"))
    (moved / "candidate.py").write_text("raise OSError('no port')\n")
    done = run_alone(moved)
    assert (done.returncode, done.stdout) == (
        2,
        "blocks.0.attn_ln: can't be run, OSError: no port\n",
    )
