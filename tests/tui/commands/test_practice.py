"""A bug to practise on, as the command hands it out."""

import json
from pathlib import Path

import pytest

from core.practice.bugs import bugs, held_out, planted
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


def test_a_bug_of_another_port_is_planted_in_that_one(capsys):
    bug = next(each for each in bugs() if each.base == "hugging_face")
    assert main(["practice", bug.name, "--write"]) == 0
    assert "self.q_proj" in FILE.read_text()
    assert main(["practice", "--solution"]) == 0
    assert "--- hugging_face.py\n" in capsys.readouterr().out


def test_a_bug_that_is_held_out_is_not_handed_out(capsys):
    names = {bug.name for bug in held_out()}
    assert not names & {bug.name for bug in bugs()}
    assert main(["practice", held_out()[0].name, "--write"]) == 2
    assert "there is no bug" in capsys.readouterr().err
    assert not FILE.exists()


def test_json_names_the_file_and_not_the_bug(capsys):
    assert main(["practice", "3", "--json"]) == 0
    said = capsys.readouterr().out
    assert json.loads(said) == {"schema": 1, "number": 3, "file": str(FILE)}
    assert bugs()[2].name not in said
