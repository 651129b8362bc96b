"""Paths as a person writes them, and as they may be told to somebody else."""

from pathlib import Path

import pytest

from tui.paths import relative, told, without_folders


def test_paths_are_written_as_a_person_in_this_folder_would(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert relative(str(tmp_path / "core" / "encoder.py")) == str(Path("core/encoder.py"))
    assert relative("/elsewhere/encoder.py") == "/elsewhere/encoder.py"


def test_what_lies_elsewhere_is_told_to_others_by_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert told(str(tmp_path / "core" / "encoder.py")) == str(Path("core/encoder.py"))
    assert told("/elsewhere/encoder.py") == "encoder.py"
    installed = tmp_path / ".venv" / "site-packages" / "whisper" / "model.py"
    assert told(str(installed)) == "whisper/model.py"


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("can't read /home/ann/a-b/port.py: no", "can't read port.py: no"),
        ("(~/my.ports/x.py)", "(x.py)"),
        (
            "see https://docs.modular.com/max/ and a/b",
            "see https://docs.modular.com/max/ and a/b",
        ),
        ("R = error / floor, 1/2", "R = error / floor, 1/2"),
        ("/home/A B/my ports/port.py:3 is", "port.py:3 is"),
    ],
)
def test_a_message_is_told_without_this_machines_folders(text: str, rest: str):
    assert without_folders(text, ["/home/A B/my ports/port.py"]) == rest
