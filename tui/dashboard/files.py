"""What a person takes along from the dashboard: a page of the run, a layer's values.

Both go into the folder that the dashboard was started in, under names that nothing has yet:
a page is called by its time, so that one from before a save stays beside the next.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from debug.protocol.diagnostic import DUMP, Problem
from debug.results.run import Run
from tui.dashboard.keys import Keyboard
from tui.dashboard.saves import Save, names_of
from tui.report.contents import contents_of
from tui.report.written import refuse_file, write_report
from tui.saving import NewFolder, free_name, new_folder, save_bytes


def write_page(
    run: Run,
    options: Mapping[str, Any],
    now: datetime,
    save: Save | None = None,
    sources: Mapping[str, bytes] | None = None,
) -> Path:
    """Writes a run as it is known.

    Args:
        run: of now, or of a save.
        options: what it was started with.
        now: when the page is made.
        save: whose it is, where that is not what runs now.
        sources: files as they were then.

    Raises:
        Problem: nothing has run, or the page can't be written.
    """
    if run.opened is None or run.position < 0:
        raise Problem("save", "nothing has run yet: there is nothing to write")
    of = f"-save-{save.number}" if save else ""
    path = free_name(_here() / f"maxwhisper-{now:%Y%m%d-%H%M%S}{of}.html")
    refuse_file(path)
    told = f"{save.number}, of {save.time}" if save else ""
    write_report(path, contents_of(run, options, now, told, sources or {}))
    return path


def refuse_layer(run: Run, index: int, keyboard: Keyboard) -> None:
    """
    Raises:
        Problem: there are no values of a layer to write.
    """
    if not run.layers or run.position < 0:
        raise Problem(DUMP, "nothing has run yet: there are no values to write")
    if run.current(index) is None:
        said = keyboard.told("has not run yet: {run-to} runs to it")
        message = f"{run.layers[index].name} {said}"
        raise Problem(DUMP, message)


def write_source(save: Save) -> Path:
    """Writes the source of a save, to the byte, beside nothing of the person's: one file as
    a file, several as a folder.

    Raises:
        Problem: it can't be written.
    """
    names = names_of(save.files)
    if len(names) == 1:
        [(path, name)] = names.items()
        own = Path(name)
        new = free_name(_here() / f"{own.stem}-save-{save.number}{own.suffix}")
        save_bytes(new, save.files[path])
        return new
    whole = free_name(_here() / f"save-{save.number}")
    with new_folder(whole) as folder:
        for path, name in names.items():
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(save.files[path])
    return whole


def _here() -> Path:
    try:
        return Path.cwd()
    except OSError as error:
        message = "the folder that the dashboard was started in is gone; make it again"
        raise Problem("save", message) from error


class LayerFiles:
    """The folder that the engine is filling, one at a time."""

    def __init__(self) -> None:
        self._folder: NewFolder | None = None

    def begin(self, layer: str) -> str:
        """The empty folder to fill.

        Raises:
            Problem: another one is being filled, or none can be made.
        """
        if self._folder is not None:
            message = f"{self._folder.path.name} is still being written; try again then"
            raise Problem(DUMP, message)
        path = free_name(_here() / f"dump-{layer.replace('/', '-')}")
        self._folder = NewFolder(path)
        return str(self._folder.partial)

    def keep(self) -> Path | None:
        """The folder under its name; None if nobody waits for one any more.

        Raises:
            Problem: something of that name is there by now.
        """
        folder = self._folder
        if folder is None:
            return None
        try:
            folder.keep()
        finally:
            self.drop()
        return folder.path

    def drop(self) -> None:
        """Gives up what is half written, if anything is."""
        if self._folder is not None:
            self._folder.drop()
            self._folder = None
