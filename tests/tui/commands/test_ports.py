"""``align`` and ``new``, and what the other commands make of a port's file."""

import json
from pathlib import Path

import pytest
from in_process import maxwhisper
from port_files import WITH_A_TABLE, write_edited, write_port

pytestmark = pytest.mark.max


def test_align_prints_every_pair_with_what_made_it(tmp_path: Path):
    done = maxwhisper("align", str(write_port(tmp_path)))
    assert done.returncode == 0
    lines = [line.split() for line in done.stdout.splitlines()]
    assert ["grow", "first", "weights"] in lines
    assert "3 layers are aligned (2 by weights, 1 by the model)." in done.stdout


def test_align_ends_with_1_where_weights_were_not_loaded(tmp_path: Path):
    head = "def weights(state):\n"
    forgotten = "    state = {n: torch.rand(t.shape) for n, t in state.items()}\n"
    path = write_port(tmp_path, (head, head + forgotten))
    done = maxwhisper("align", str(path), "--json")
    assert done.returncode == 1
    doubts = json.loads(done.stdout)["doubts"]
    assert "first's weights equal none of the reference: were they loaded?" in doubts


def test_align_tries_whether_a_table_that_no_module_holds_is_worked_out(tmp_path: Path):
    done = maxwhisper("align", str(write_edited(tmp_path, WITH_A_TABLE)))
    assert done.returncode == 0
    assert "✗" not in done.stdout
    assert "no module holds positions's weights, and all that depends" in done.stdout
    bias = '    return {**state, "bias": bias}'
    forgotten = (bias, bias.replace("bias}", "bias * 0}"))
    done = maxwhisper("align", str(write_edited(tmp_path, WITH_A_TABLE, forgotten)))
    assert done.returncode == 1
    assert "✗ positions has no counterpart" in done.stdout


def test_check_of_a_port_names_the_line_and_the_cause(tmp_path: Path):
    path = write_port(tmp_path, ("ops.gelu(self.first(x))", "ops.relu(self.first(x))"))
    done = maxwhisper("check", str(path))
    assert done.returncode == 1
    assert "First wrong: model (diverged)" in done.stdout
    assert "my_port.py:27" in done.stdout
    assert "Why: ReLU instead of GELU (explains 100 %)" in done.stdout


def test_check_is_in_doubt_with_a_line_before_the_conclusion(tmp_path: Path):
    head = "def weights(state):\n"
    doubled = "    state = {n: t * (1 + (n == 'grow.weight')) for n, t in state.items()}\n"
    done = maxwhisper("check", str(write_port(tmp_path, (head, head + doubled))))
    assert done.returncode == 1
    assert "✗ first's weights equal none of the reference: were they loaded?" in done.stdout


WHISPERS = [("--model", "tiny"), ("--start", "3"), ("--seconds", "5")]


@pytest.mark.parametrize("option", WHISPERS)
def test_options_of_whispers_are_refused_with_a_port(tmp_path: Path, option):
    done = maxwhisper("check", str(write_port(tmp_path)), *option)
    assert done.returncode == 2
    assert f"{option[0]} is Whisper's" in done.stderr


def test_align_of_an_audio_file_is_refused_in_one_line():
    done = maxwhisper("align", "audio_samples/speech.flac")
    assert done.returncode == 2
    assert "is no port's file: give one that ends in .py" in done.stderr


def test_new_writes_a_file_that_compiles_and_overwrites_none(tmp_path: Path):
    names = (
        "--reference",
        "torch.nn:Linear",
        "--candidate",
        "examples.two_layers.graph:Linear",
    )
    file = tmp_path / "my_port.py"
    done = maxwhisper("new", str(file), *names)
    assert done.returncode == 0
    text = file.read_text()
    compile(text, "my_port.py", "exec")
    again = maxwhisper("new", str(file), *names)
    assert (again.returncode, file.read_text()) == (2, text)
    assert "is there already; give another name" in again.stderr


def test_new_says_what_it_can_not_import(tmp_path: Path):
    names = "--reference", "torch.nn:Nothing", "--candidate", "a:B"
    done = maxwhisper("new", str(tmp_path / "p.py"), *names)
    assert done.returncode == 2
    assert "can't import torch.nn:Nothing" in done.stderr
    assert not (tmp_path / "p.py").exists()
