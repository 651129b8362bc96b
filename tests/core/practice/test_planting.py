"""A bug in a copy of a port: as it is handed out, and as the debugger finds it."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from in_process import maxwhisper
from port_files import write_port
from ports import copied, debugged

from core.practice.planting import breakable

pytestmark = pytest.mark.max


def practice(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return maxwhisper("practice", *arguments, folder=folder)


def number_of(port: Path, old: str, new: str) -> tuple[str, Path]:
    """The number of the mutant that writes one line in another's place, and its file."""
    found = breakable({"port": str(port), "device": "cpu"})
    sources = {copy.name: copy.source for copy in found.copies}
    for number, each in enumerate(found.mutants, start=1):
        changed = each.diff(sources[each.file])
        if re.search(rf"^-.*{re.escape(old)}", changed, re.M) and f"{new}\n" in changed:
            return str(number), Path("practice", each.file)
    raise AssertionError(f"no mutant has {new!r}")


def written(folder: Path) -> dict[str, str]:
    files = [each for each in (folder / "practice").rglob("*") if each.is_file()]
    return {each.name: each.read_text() for each in files}


def test_a_bug_in_a_port_and_its_own_files_is_planted_and_found(tmp_path: Path):
    port = copied("gpt/port.py", tmp_path)
    before = {each.name: each.read_bytes() for each in tmp_path.glob("*.py")}
    right = "x = x + self.attention(self.attention_norm(x))"
    wrong = "x = self.attention(self.attention_norm(x))"
    number, file = number_of(port, right, wrong)
    done = practice(tmp_path, "port.py", number, "--write")
    assert (done.returncode, done.stderr.count("Traceback")) == (0, 0)
    assert f"bug {number} is in practice/: maxwhisper-tui practice/port.py" in done.stdout
    assert {each.name: each.read_bytes() for each in tmp_path.glob("*.py")} == before
    changed = (tmp_path / file).read_text()
    assert changed == before["model.py"].decode().replace(right, wrong)
    found = debugged(tmp_path / "practice" / "port.py")
    culprit = found.run.culprit()
    assert culprit is not None
    finding = found.run.finding(culprit)
    assert finding is not None
    assert finding.place is not None
    assert finding.place.path == str((tmp_path / file).resolve())
    assert wrong in changed.splitlines()[finding.place.line - 1]


def test_an_architectures_file_is_broken_as_a_copy_beside_the_port(tmp_path: Path):
    port = copied("bert.py", tmp_path)
    right = "self.layer_norm(hidden_states + input_tensor)"
    number, file = number_of(port, right, "self.layer_norm(hidden_states)")
    assert practice(tmp_path, "bert.py", number, "--write").returncode == 0
    assert file == Path("practice", "bert_graph.py")
    texts = written(tmp_path)
    assert "self.layer_norm(hidden_states)" in texts["bert_graph.py"]
    assert "from max.pipelines.architectures.bert.model_config" in texts["bert_graph.py"]
    assert "from bert_graph import BertModel as MaxBert" in texts["bert.py"]
    assert right in practice(tmp_path, "bert.py", "--solution").stdout


def planted(folder: Path) -> dict[str, Any]:
    done = practice(folder, "my_port.py", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_bug_of_chance_is_one_and_is_left_as_it_is_until_it_is_deleted(tmp_path: Path):
    port = write_port(tmp_path)
    said = planted(tmp_path)
    broken = tmp_path / said["file"]
    assert said["file"] == "practice/my_port.py"
    assert broken.read_text() != port.read_text()
    broken.write_text("# half mended\n")
    assert planted(tmp_path) == said
    other = practice(tmp_path, "my_port.py", str(said["number"] + 1))
    assert (other.returncode, broken.read_text()) == (2, "# half mended\n")
    assert "practice is there already; delete it" in other.stderr


def test_a_hint_is_only_told_for_the_number_that_is_asked_for(tmp_path: Path):
    write_port(tmp_path)
    lines = practice(tmp_path, "my_port.py", "--list").stdout.splitlines()
    assert "Not every number is a bug" in lines[-1]
    number = lines[2].split(maxsplit=1)[0]
    hint = practice(tmp_path, "my_port.py", number, "--hint").stdout.strip()
    assert hint
    assert hint not in "\n".join(lines)
    assert not (tmp_path / "practice").exists()


def refused(folder: Path, *arguments: str) -> str:
    done = practice(folder, *arguments)
    assert done.returncode == 2
    assert not (folder / "practice").exists()
    (line,) = (each for each in done.stderr.splitlines() if each.startswith("maxwhisper:"))
    return line


def test_a_number_that_changes_nothing_is_refused(tmp_path: Path):
    gelu = "return self.second(ops.gelu(self.first(x)))"
    unused = "unused = 0.5\n        " + gelu
    number, _ = number_of(write_port(tmp_path, (gelu, unused)), "0.5", "unused = 0.25")
    said = refused(tmp_path, "my_port.py", number)
    assert f"number {number} of my_port.py is no bug: no layer diverges with it" in said


def test_a_port_that_is_wrong_already_is_refused(tmp_path: Path):
    write_port(tmp_path, ("ops.gelu(self.first(x))", "ops.relu(self.first(x))"))
    said = refused(tmp_path, "my_port.py")
    assert "my_port.py: the port is not right to begin with: shrink is wrong" in said


def test_a_port_that_does_not_build_is_refused_at_its_line(tmp_path: Path):
    write_port(tmp_path, ("self.first(x)", "self.third(x)"))
    assert "my_port.py:27: " in refused(tmp_path, "my_port.py")


REFUSED = [
    (("none.py",), "there is no file none.py"),
    (("no_port.py",), "no function port() is here"),
    (("my_port.py", "softmax-axis"), "a port's bugs have no names"),
    (("my_port.py", "1", "--model", "tiny"), "--model is Whisper's"),
    (("my_port.py", "--hint"), "no bug of my_port.py is planted here"),
    (("my_port.py", "9999", "--write"), "there is no bug 9999 in my_port.py"),
    (("12", "13"), "12 is no port's file"),
]


@pytest.mark.parametrize(("arguments", "message"), REFUSED)
def test_what_can_not_be_planted_is_said_in_a_line(
    tmp_path: Path, arguments: tuple[str, ...], message: str
):
    write_port(tmp_path)
    (tmp_path / "no_port.py").write_text("x = 1\n")
    assert message in refused(tmp_path, *arguments)


def test_a_folder_of_that_name_is_left_as_it_is(tmp_path: Path):
    write_port(tmp_path)
    (tmp_path / "practice").mkdir()
    (tmp_path / "practice" / "mine.txt").write_text("mine\n")
    done = practice(tmp_path, "my_port.py", "--write")
    assert done.returncode == 2
    assert "practice is there already; delete it" in done.stderr
    assert written(tmp_path) == {"mine.txt": "mine\n"}
