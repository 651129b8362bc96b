"""A file with one line marked and verdicts beside the lines."""

from pathlib import Path

import pytest
from textual.app import App, ComposeResult

from debug.protocol.values import Place
from debug.protocol.verdict import Verdict
from tui.dashboard.panes.listing import LONGEST, Listing, code_of


class OneListing(App):
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


async def test_a_file_that_is_gone_is_said_in_its_place(pilot, tmp_path):
    listing = pilot.app.query_one(Listing)
    listing.show("MAX", Place(str(tmp_path / "gone.py"), 1), {})
    await pilot.pause()
    assert "can't read" in shown(listing)[0]


async def test_without_a_place_there_is_nothing(pilot):
    listing = pilot.app.query_one(Listing)
    listing.show("MAX", None, {})
    assert set(shown(listing)) == {""}


def test_a_line_of_a_million_characters_is_cut(tmp_path):
    source = tmp_path / "table.py"
    source.write_text("x = [" + "1, " * 400_000 + "]\ny = 2\n")
    first = code_of(Place(str(source), 1))
    assert len(first) <= LONGEST + 3
    assert code_of(Place(str(source), 2)) == "y = 2"
