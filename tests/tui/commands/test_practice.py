"""A bug to practise on, as the command hands it out."""

import json
from pathlib import Path

import fakes
import pytest

from core.practice.bugs import bugs, held_out, planted
from core.practice.levels import KINDS, level_of
from debug.protocol.messages import Idle, Loaded
from debug.results.run import Run
from tui.commands import main, practice
from tui.commands.practice import FILE, marked, solution
from tui.commands.shared.solved import add_solved, read_solved, solved_path, to_solve


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_list_has_a_number_and_a_level_for_every_bug_and_gives_nothing_away(capsys):
    assert main(["practice", "--list"]) == 0
    said = capsys.readouterr().out
    *lines, tally = said.splitlines()
    assert len(lines) == len(bugs())
    assert lines[0].split() == ["1", "level", "1", "encoder.py"]
    assert tally.startswith("level 1: 0 of ")
    assert not any(bug.hint in said for bug in bugs())


def test_every_kind_of_bug_has_one_level():
    kinds = [kind for each in KINDS.values() for kind in each]
    assert sorted(kinds) == sorted({bug.kind for bug in bugs()})


def test_a_hint_is_of_the_bug_at_hand_only(capsys):
    assert main(["practice", "--hint"]) == 2
    assert "no bug is planted here" in capsys.readouterr().err


def test_a_level_draws_from_it_and_what_is_solved_is_not_drawn_again(capsys):
    of_three = [bug for bug in bugs() if level_of(bug) == 3]
    assert list(to_solve(3)) == of_three
    for bug in of_three[1:]:
        add_solved(bug)
    assert main(["practice", "--level", "3", "--write"]) == 0
    assert FILE.read_text() == marked(planted(of_three[0]), bugs().index(of_three[0]) + 1)
    add_solved(of_three[0])
    assert len(to_solve(3)) == len(of_three)
    capsys.readouterr()
    assert main(["practice", "--list", "--level", "3"]) == 0
    assert "✓ level 3" in capsys.readouterr().out.splitlines()[0]


def test_a_solved_bug_makes_way_and_its_file_is_kept(capsys):
    bug = bugs()[4]
    mended = marked(planted(bug), 5) + "# mended\n"
    FILE.write_text(mended)
    add_solved(bug)
    assert main(["practice", "7", "--write"]) == 0
    assert FILE.read_text() == marked(planted(bugs()[6]), 7)
    assert Path("practice-5.py").read_text() == mended


@pytest.mark.parametrize("content", ["", "{", '["no such bug"]', "3", "[" * 100_000])
def test_a_damaged_file_of_what_was_solved_is_as_if_nothing_was(content: str):
    solved_path().parent.mkdir(parents=True)
    solved_path().write_text(content)
    assert read_solved() == set()


def open_with(monkeypatch: pytest.MonkeyPatch, *events, mend: str = "") -> None:
    """The dashboard shows these, and a person mends the file meanwhile."""

    def opened(*_: object, **__: object) -> tuple[int, Run]:
        run = Run()
        for event in events:
            run.apply(event)
        FILE.write_text(FILE.read_text() + mend)
        return 0, run

    monkeypatch.setattr(practice, "open_dashboard", opened)


ALL_WELL = (
    *(fakes.opened(), Loaded(1, {}, 0.1)),
    *(fakes.compared(index) for index in range(len(fakes.ROWS))),
    Idle(1),
)
STILL_WRONG = (*ALL_WELL[:-1], fakes.compared(5, 300.0), Idle(1))


def test_a_bug_is_solved_once_all_is_well_after_an_edit(monkeypatch, capsys):
    open_with(monkeypatch, *ALL_WELL, mend="# mended\n")
    assert main(["practice", "5"]) == 0
    assert "bug 5 is solved (level 1: 1 of " in capsys.readouterr().out
    assert read_solved() == {bugs()[4].name}


@pytest.mark.parametrize(
    ("events", "mend"),
    [(ALL_WELL, ""), (ALL_WELL[:-1], "#"), (STILL_WRONG, "#")],
)
def test_what_was_not_mended_or_not_seen_to_be_well_is_not_solved(
    monkeypatch, events, mend
):
    open_with(monkeypatch, *events, mend=mend)
    assert main(["practice", "5"]) == 0
    assert read_solved() == set()


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
