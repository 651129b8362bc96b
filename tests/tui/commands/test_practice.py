"""A bug to practise on, as the command hands it out."""

import json
from pathlib import Path

import pytest

from core.practice.bugs import bugs, planted
from tui.commands import main
from tui.commands.practice import FILE, marked, solution


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_list_has_a_number_and_a_hint_for_every_bug(capsys):
    assert main(["practice", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(bugs())
    assert lines[0].split(maxsplit=1) == ["1", bugs()[0].hint]


def test_a_bug_is_asked_for_by_number_or_by_name(capsys):
    main(["practice", "2", "--hint"])
    main(["practice", bugs()[1].name, "--hint"])
    assert capsys.readouterr().out.splitlines() == [bugs()[1].hint] * 2


def test_without_a_bug_the_one_that_is_being_worked_on_is_meant(capsys):
    FILE.write_text(marked(planted(bugs()[4]), 5))
    main(["practice", "--hint"])
    assert capsys.readouterr().out.strip() == bugs()[4].hint


def test_any_other_file_of_that_name_is_left_as_it_is(capsys):
    FILE.write_text("5\n")
    assert main(["practice", "5", "--write"]) == 2
    assert "is there already" in capsys.readouterr().err
    assert FILE.read_text() == "5\n"


def test_the_solution_is_a_diff_of_the_change(capsys):
    text = solution(bugs()[0])
    assert text.startswith("--- encoder.py\n")
    assert any(line.startswith(("+ ", "- ")) for line in text.splitlines())


def test_json_names_the_file_and_not_the_bug(capsys):
    assert main(["practice", "3", "--json"]) == 0
    said = capsys.readouterr().out
    assert json.loads(said) == {"schema": 1, "number": 3, "file": str(FILE)}
    assert bugs()[2].name not in said
