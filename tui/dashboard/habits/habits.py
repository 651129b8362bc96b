"""A person's habits at work: the config is obeyed, the bookmark opened and kept."""

from dataclasses import dataclass, field
from pathlib import Path

from debug.protocol.diagnostic import Problem
from tui.dashboard.habits.bookmark import (
    Bookmark,
    bookmark_of,
    read_bookmark,
    restore,
    save_bookmark,
)
from tui.dashboard.habits.config import Config, effective
from tui.dashboard.keys import Key
from tui.dashboard.state import State
from tui.settings import Settings


@dataclass
class Habits:
    config: Config = field(default_factory=Config)
    bookmark_path: Path | None = None
    """Where the port's bookmark is; None where nothing is to be remembered."""
    fresh: bool = False
    """Whether what was remembered is left alone at the start."""
    layer: str = ""
    """The one to be selected once the layers are known."""

    @property
    def keys(self) -> list[Key]:
        """Every key of the dashboard, as this person has them."""
        return effective(self.config.keys)

    def begin(self, state: State) -> None:
        """Before the engine is started."""
        if self.config.columns is not None:
            state.columns = list(self.config.columns)
        found = None
        if self.bookmark_path is not None and not self.fresh:
            found = read_bookmark(self.bookmark_path)
        if found is not None:
            self._open(found, state)

    def _open(self, found: Bookmark, state: State) -> None:
        restore(found, state)
        self.layer = found.layer
        state.chosen = bool(found.layer)

    def end(self, state: State, settings: Settings, layer: str) -> str:
        """Remembers where the person is; returns why it can't be, if so.

        Args:
            state: of the dashboard.
            settings: with which it was opened.
            layer: the one that is selected; empty if none was ever seen.
        """
        if self.bookmark_path is None or not layer:
            return ""
        try:
            save_bookmark(self.bookmark_path, bookmark_of(state, settings, layer))
        except Problem as problem:
            return f"where you were is not remembered: {problem.diagnostic.message}"
        return ""
