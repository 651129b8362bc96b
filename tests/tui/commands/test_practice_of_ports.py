"""A bug in a copy of somebody's port, as the command hands it out and takes it back."""

from collections.abc import Callable
from pathlib import Path

import fakes
import pytest

from core.messages import Plant, Planted
from debug.protocol.messages import Aligned, Idle, Loaded, Message
from debug.protocol.values import UnpairedModule
from debug.results.run import Run
from tui.commands import main, practice_port
from tui.commands.practice_port import FOLDER, NOTE

ALL_WELL = (
    *(fakes.opened(), Loaded(1, {}, 0.1)),
    *(fakes.compared(index) for index in range(len(fakes.ROWS))),
    Idle(1),
)
STILL_WRONG = (*ALL_WELL[:-1], fakes.compared(5, 300.0), Idle(1))
ALONE = UnpairedModule("drop", True, "has no counterpart", True)
DOUBTFUL = (*ALL_WELL, Aligned(1, [], [ALONE]))


@pytest.fixture(autouse=True)
def port(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "my_port.py"
    file.write_text("right = True\n")
    numbers = iter((54, 7))

    def plants(request: Plant, hear: Callable[[Planted], None], _: object) -> None:
        number = request.number or next(numbers)
        (Path(request.folder) / "my_port.py").write_text("right = False\n")
        hear(Planted(number, "Something is not added.", "--- a\n+++ b\n", "my_port.py"))

    monkeypatch.setattr(practice_port, "ask", plants)
    return file


def open_with(monkeypatch: pytest.MonkeyPatch, *events: Message) -> None:
    """The dashboard shows these before it is left."""

    def opened(*_: object, **__: object) -> tuple[int, Run]:
        run = Run()
        for event in events:
            run.apply(event)  # pyright: ignore[reportArgumentType]
        return 0, run

    monkeypatch.setattr(practice_port, "open_dashboard", opened)


def test_a_bug_is_solved_once_all_is_well_and_makes_way_for_the_next(monkeypatch, capsys):
    open_with(monkeypatch, *ALL_WELL)
    assert main(["practice", "my_port.py"]) == 0
    said = "bug 54 is solved; the next one: maxwhisper practice my_port.py\n"
    assert capsys.readouterr().out == said
    (FOLDER / "my_port.py").write_text("right = True  # mended\n")
    assert main(["practice", "my_port.py", "--write"]) == 0
    told = capsys.readouterr()
    assert "bug 7 is in practice/" in told.out
    assert "bug 54 is solved: its folder is practice-54 now" in told.err
    assert "mended" in Path("practice-54/my_port.py").read_text()


def test_a_folder_of_a_solved_bug_makes_way_for_that_of_another_number(monkeypatch, capsys):
    open_with(monkeypatch, *ALL_WELL)
    assert main(["practice", "my_port.py"]) == 0
    assert main(["practice", "my_port.py", "3", "--write"]) == 0
    assert "bug 3 is in practice/" in capsys.readouterr().out


@pytest.mark.parametrize("events", [ALL_WELL[:-1], STILL_WRONG, DOUBTFUL])
def test_what_was_not_seen_to_be_well_is_the_bug_at_hand_still(
    monkeypatch, capsys, events: tuple[Message, ...]
):
    open_with(monkeypatch, *events)
    assert main(["practice", "my_port.py"]) == 0
    assert "solved" not in capsys.readouterr().out
    assert main(["practice", "my_port.py", "--write"]) == 0
    assert "bug 54 is in practice/" in capsys.readouterr().out


@pytest.mark.parametrize("content", ["", "{", '{"of": 3}', "\x00", "[]"])
def test_a_folder_with_a_damaged_note_is_left_as_it_is(capsys, content: str):
    FOLDER.mkdir()
    NOTE.write_text(content)
    assert main(["practice", "my_port.py", "--write"]) == 2
    assert "practice is there already" in capsys.readouterr().err
    assert NOTE.read_text() == content
