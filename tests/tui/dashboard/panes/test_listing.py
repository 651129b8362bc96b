"""A file with one line marked and verdicts beside the lines."""

import os
from pathlib import Path

import pytest
from rich.text import Text
from textual.app import App, ComposeResult

from debug.protocol.values import Place
from debug.protocol.verdict import Verdict
from tui.dashboard.panes.listing import LONGEST, Listing, code_of, wrapped


class OneListing(App):
    chosen: list[Place] = []

    def on_listing_line_chosen(self, event: Listing.LineChosen) -> None:
        self.chosen.append(event.place)

    def compose(self) -> ComposeResult:
        yield Listing("candidate")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "port.py"
    path.write_text("".join(f"x = {number}\n" for number in range(1, 101)))
    return path


@pytest.fixture
async def pilot():
    async with OneListing().run_test(size=(40, 12)) as pilot:
        yield pilot


def shown(listing: Listing) -> list[str]:
    return [listing.render_line(y).text.rstrip() for y in range(listing.size.height)]


async def test_the_marked_line_is_scrolled_to_and_has_its_verdict(pilot, file):
    listing = pilot.app.query_one(Listing)
    listing.show("MAX", Place(str(file), 50), {50: Verdict.DIVERGED, 51: Verdict.OK})
    await pilot.pause()
    assert "❱ 50 ✗ x = 50" in shown(listing)
    assert "  51 ✓ x = 51" in shown(listing)
    assert "  52   x = 52" in shown(listing)
    assert listing.border_title == "MAX"


async def test_a_save_is_read_again(pilot, file):
    listing = pilot.app.query_one(Listing)
    listing.show("MAX", Place(str(file), 1), {})
    file.write_text("y = 1\n")
    listing.show("MAX", Place(str(file), 1), {})
    await pilot.pause()
    assert "❱  1   y = 1" in shown(listing)


async def test_a_pipe_in_a_files_place_is_said_and_not_waited_for(pilot, tmp_path):
    os.mkfifo(tmp_path / "pipe.py")
    listing = pilot.app.query_one(Listing)
    listing.show("MAX", Place(str(tmp_path / "pipe.py"), 1), {})
    await pilot.pause()
    assert "it is a pipe" in " ".join(" ".join(shown(listing)).split())


async def test_a_file_that_is_gone_is_said_in_its_place(pilot, tmp_path):
    listing = pilot.app.query_one(Listing)
    listing.show("MAX", Place(str(tmp_path / "gone.py"), 1), {})
    await pilot.pause()
    assert "can't read" in shown(listing)[0]


async def test_without_a_place_there_is_nothing(pilot):
    listing = pilot.app.query_one(Listing)
    listing.show("MAX", None, {})
    assert set(shown(listing)) == {""}


LONG = "        y = ops.layer_norm(wide, self.weight, self.bias, epsilon=1e-3)"


async def test_the_marked_line_is_whole_and_what_follows_is_after_it(pilot, file):
    file.write_text(f"x = 1\n{LONG}\nz = 2\n")
    listing = pilot.app.query_one(Listing)
    listing.show("MAX", Place(str(file), 2), {})
    await pilot.pause()
    rows = shown(listing)
    assert rows[1].startswith("❱  2   y = ops.layer_norm(")
    assert "epsilon=1e-3)" in rows[2] + rows[3]
    assert [row for row in rows if row.endswith("  z = 2")] == ["   3   z = 2"]
    assert not any(row.startswith("   2") for row in rows)


@pytest.mark.parametrize("room", [12, 20, 33, 61, 62, 200])
def test_a_wrapped_line_loses_nothing(room: int):
    rows = wrapped(Text(LONG), room)
    assert all(row.cell_len <= room for row in rows)
    assert "".join("".join(row.plain for row in rows).split()) == "".join(LONG.split())


def test_a_word_that_is_longer_than_a_row_is_broken():
    assert [row.plain for row in wrapped(Text("x" * 30), 12)][:2] == [
        "x" * 12,
        "    xxxxxxxx",
    ]


async def test_a_click_beside_a_line_chooses_it_and_one_on_its_code_does_not(pilot, file):
    listing = pilot.app.query_one(Listing)
    listing.show("MAX", Place(str(file), 2), {})
    await pilot.pause()
    chosen: list[Place] = []
    pilot.app.chosen = chosen
    await pilot.click(Listing, offset=(2, 4))
    await pilot.click(Listing, offset=(20, 4))
    await pilot.pause()
    assert [place.line for place in chosen] == [5]


def test_a_line_of_a_million_characters_is_cut(tmp_path):
    source = tmp_path / "table.py"
    source.write_text("x = [" + "1, " * 400_000 + "]\ny = 2\n")
    first = code_of(Place(str(source), 1))
    assert len(first) <= LONGEST + 3
    assert code_of(Place(str(source), 2)) == "y = 2"
