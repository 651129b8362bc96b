"""Where a person left a port: which layer they looked at, breakpoints, columns, filter.

One small file for each port, in the state folder of XDG, written beside it and renamed.
Only the last fifty ports are remembered. What can't be read is as if it were not there: a
bookmark is a comfort, and not worth a message.
"""

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import msgspec

import core
from debug.protocol.message import DAMAGED
from tui.dashboard.arrangement import ColumnKey, Only, Order
from tui.dashboard.state import State
from tui.paths import state_folder
from tui.saving import not_written, save_text
from tui.settings import Settings

SHIPPED = Path(core.__file__).with_name("encoder.py")
PORTS = 50
"""How many are remembered."""
MOST = 1000
"""Breakpoints, and blocks that are folded."""
LARGEST = 1 << 20
"""Bytes of one."""


class Bookmark(msgspec.Struct, frozen=True):
    port: str
    """The file, so that a person who opens this one knows whose it is."""
    layer: str = ""
    """The one that was selected by hand, if any was."""
    breakpoints: list[str] = []
    columns: list[ColumnKey] | None = None
    only: Only = Only.ALL
    order: Order = Order.COMPUTED
    folded: list[str] | None = None
    """None where nothing was folded by hand."""


def folder() -> Path:
    """``$XDG_STATE_HOME/maxwhisper/bookmarks``."""
    return state_folder() / "bookmarks"


def port_of(settings: Settings) -> str:
    """The file of what is debugged: the port's, or Whisper's graph."""
    given = settings.options.get("port") or settings.options.get("graph") or SHIPPED
    return str(Path(str(given)).absolute())


def path_of(settings: Settings) -> Path:
    name = hashlib.sha256(port_of(settings).encode(errors="surrogatepass")).hexdigest()
    return folder() / f"{name[:16]}.json"


def read_bookmark(path: Path) -> Bookmark | None:
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(LARGEST), type=Bookmark)
    except (OSError, *DAMAGED):
        return None


def bookmark_of(state: State, settings: Settings, layer: str) -> Bookmark:
    """
    Args:
        state: of the dashboard.
        settings: with which it was opened.
        layer: the one that is selected.
    """
    arrangement = state.arrangement
    return Bookmark(
        port_of(settings),
        layer if state.chosen else "",
        sorted(state.breakpoints)[:MOST],
        list(state.columns),
        arrangement.only,
        arrangement.order,
        sorted(arrangement.folded)[:MOST] if arrangement.by_hand else None,
    )


def restore(bookmark: Bookmark, state: State) -> None:
    """Before the first layer is known; which one is selected, the view sees to."""
    state.breakpoints = set(bookmark.breakpoints[:MOST])
    if bookmark.columns is not None:
        state.columns = list(dict.fromkeys(bookmark.columns))
    arrangement = state.arrangement
    arrangement.only, arrangement.order = bookmark.only, bookmark.order
    if bookmark.folded is not None:
        arrangement.folded, arrangement.by_hand = set(bookmark.folded[:MOST]), True


def save_bookmark(path: Path, bookmark: Bookmark) -> None:
    """
    Raises:
        Problem: it can't be written; the one that was there stays.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise not_written(path.parent, error) from error
    save_text(path, msgspec.json.format(msgspec.json.encode(bookmark)).decode() + "\n")
    _forget_oldest(path.parent.glob("*.json"))


def _forget_oldest(paths: Iterable[Path]) -> None:
    ages: list[tuple[float, Path]] = []
    for path in paths:
        with suppress(OSError):  # another dashboard may have removed it
            ages.append((path.stat().st_mtime, path))
    for _, path in sorted(ages, reverse=True)[PORTS:]:
        with suppress(OSError):
            path.unlink()
