import contextlib
import queue
import shutil
import time
from pathlib import Path

import pytest
from editing import save_by_renaming

from debug.engine import folder_watch
from debug.engine.folder_watch import FolderWatch

PATIENCE_SECONDS = 10


@pytest.fixture
def changes(tmp_path: Path):
    """The paths that a watch on the folder reports, once it is known to listen."""
    heard: queue.Queue[str] = queue.Queue()
    watch = FolderWatch(heard.put)
    watch.folders([tmp_path])
    probe = tmp_path / "probe.py"
    for attempt in range(PATIENCE_SECONDS * 10):
        probe.write_text(str(attempt))
        try:
            heard.get(timeout=0.1)
            break
        except queue.Empty:
            continue
    yield heard
    watch.folders([])


def wait_for(changes: "queue.Queue[str]", path: Path) -> None:
    while changes.get(timeout=PATIENCE_SECONDS) != str(path):
        pass


@pytest.mark.parametrize(
    "save",
    [
        pytest.param(lambda path, text: path.write_text(text), id="in place"),
        pytest.param(save_by_renaming, id="by renaming"),
        pytest.param(
            lambda path, text: (path.unlink(missing_ok=True), path.write_text(text)),
            id="by deleting first",
        ),
    ],
)
def test_a_save_is_heard_however_an_editor_does_it(changes, tmp_path, save):
    path = tmp_path / "encoder.py"
    for text in ("a = 1\n", "a = 2\n"):
        save(path, text)
        wait_for(changes, path)


def test_a_file_that_is_no_source_is_not_heard(changes, tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    shutil.copy(tmp_path / "probe.py", tmp_path / "last.py")
    wait_for(changes, tmp_path / "last.py")
    assert changes.empty()


def test_a_save_that_the_system_does_not_tell_of_is_found(tmp_path, monkeypatch):
    port, heard = tmp_path / "port.py", queue.Queue()
    port.write_text("a = 1\n")
    silence = [set(), set()]
    monkeypatch.setattr(folder_watch, "watch", lambda *_, **__: iter(silence))
    watch = FolderWatch(heard.put)
    watch.files([port])
    port.write_text("a = 12\n")
    wait_for(heard, port)
    watch.folders([])


@pytest.mark.parametrize("gone_for", [0.0, 1.5])
def test_a_folder_that_is_deleted_and_made_again_is_listened_to(
    changes, tmp_path, gone_for: float
):
    path = tmp_path / "encoder.py"
    shutil.rmtree(tmp_path)
    time.sleep(gone_for)
    tmp_path.mkdir()
    wait_for(changes, tmp_path)  # that there may be something new
    for attempt in range(PATIENCE_SECONDS * 10):
        path.write_text(str(attempt))
        with contextlib.suppress(queue.Empty):
            if changes.get(timeout=0.1) == str(path):
                return
    raise AssertionError("no save is heard")
