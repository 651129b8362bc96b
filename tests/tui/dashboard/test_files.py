"""P writes a page of the run, D the values of a layer; both say where, or why not."""

from pathlib import Path

import pytest
from fakes import FakeEngine, settle
from textual.widgets import RichLog

from debug.protocol.diagnostic import DUMP, Diagnostic, Problem
from debug.protocol.messages import Dump, NotPossible
from tui.dashboard.app import Dashboard
from tui.dashboard.files import LayerFiles
from tui.report.written import is_report
from tui.saving import free_name


def told(app: Dashboard) -> list[str]:
    return [each.message for each in app._notifications]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = tmp_path / "here"
    made.mkdir()
    monkeypatch.chdir(made)
    return made


@pytest.mark.parametrize("key", ["P", "D"])
async def test_where_nothing_has_run_yet_nothing_is_written(app, press, folder, key: str):
    async with app.run_test(size=(120, 36)) as pilot:
        await press(pilot, key)
        assert [each.startswith("nothing has run yet") for each in told(app)] == [True]
        assert list(folder.iterdir()) == []
        assert not any(isinstance(each, Dump) for each in FakeEngine.instances[0].sent)


async def test_p_writes_a_page_and_says_where(app, press, folder: Path):
    async with app.run_test(size=(120, 36)) as pilot:
        await press(pilot, "c", "P", "P")
        pages = sorted(folder.iterdir())
        assert len(pages) == 2
        assert all(is_report(page) for page in pages)
        assert "All 11 layers" in pages[0].read_text()
        assert told(app)[0] in {f"written: {page}" for page in pages}
        lines = app.query_one("#log", RichLog).lines
        said = "".join(line.text.strip() for line in lines).replace(" ", "")
        assert f"{pages[0]}iswritten".replace(" ", "") in said


async def test_d_writes_the_selected_layer_and_says_where(app, press, folder: Path):
    async with app.run_test(size=(120, 36)) as pilot:
        await press(pilot, "c", "g", "j", "D")
        assert [each.name for each in folder.iterdir()] == ["dump-conv"]
        assert [each.name for each in (folder / "dump-conv").iterdir()] == ["candidate.npy"]
        assert told(app) == [f"written: {folder / 'dump-conv'}"]
        await press(pilot, "D")
        assert (folder / "dump-conv-2").is_dir()


async def test_a_layer_that_has_not_run_is_refused(app, press, folder: Path):
    async with app.run_test(size=(120, 36)) as pilot:
        await press(pilot, "s", "G", "D")
        assert told(app) == ["model has not run yet: t runs to it"]
        assert list(folder.iterdir()) == []


async def test_what_the_engine_refuses_leaves_no_folder(app, press, folder: Path):
    async with app.run_test(size=(120, 36)) as pilot:
        engine = FakeEngine.instances[0]
        engine.dumps = False
        await press(pilot, "c", "D")
        assert len(list(folder.iterdir())) == 1
        await press(pilot, "D")
        assert "still being written" in told(app)[-1]
        engine.say(NotPossible(Diagnostic(DUMP, "no room")))
        await settle(pilot)
        assert told(app)[-1] == "no room"
        assert list(folder.iterdir()) == []


async def test_an_engine_that_dies_leaves_no_half_written_folder(app, press, folder: Path):
    async with app.run_test(size=(120, 36)) as pilot:
        engine = FakeEngine.instances[0]
        engine.dumps = False
        await press(pilot, "c", "D")
        engine.die()
        await settle(pilot)
        assert list(folder.iterdir()) == []
        await press(pilot, "D")
        assert "R restarts it" in told(app)[-1]


async def test_a_folder_that_takes_no_file_is_told(app, press, folder: Path):
    async with app.run_test(size=(120, 36)) as pilot:
        await press(pilot, "c")
        folder.rmdir()
        for key in ("P", "D"):
            await press(pilot, key)
            assert ["is gone" in each for each in told(app)] == [True]


def test_one_folder_is_filled_at_a_time(folder: Path):
    files = LayerFiles()
    files.begin("a/b")
    with pytest.raises(Problem, match="dump-a-b is still being written"):
        files.begin("c")
    assert files.keep() == folder / "dump-a-b"
    assert files.keep() is None


def test_a_free_name_is_one_that_nothing_has(folder: Path):
    for name in ("dump-blocks.0", "dump-blocks.0-2", "a.html"):
        (folder / name).touch()
    assert free_name(folder / "dump-blocks.0").name == "dump-blocks.0-3"
    assert free_name(folder / "a.html").name == "a-2.html"
    assert free_name(folder / "b.html").name == "b.html"
