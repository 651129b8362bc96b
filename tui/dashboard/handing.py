"""What is handed over: the root causes of a save, as text to paste or as a page.

It is what a person sees, as long as anything is wrong with it. Once that is mended, or a
save can't be run, it is the last save that had a root cause: somebody who has mended a bug
wants to tell of it. Of any other save the history hands over the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from debug.protocol.diagnostic import Problem
from debug.results.root_causes import RootCause, root_causes
from debug.results.run import Run
from tui.answer import cause_text
from tui.dashboard.files import write_page
from tui.dashboard.saves import History, Save


@dataclass(frozen=True)
class Handed:
    run: Run
    found: Sequence[RootCause]
    """In it."""
    options: Mapping[str, Any]
    save: Save | None = None
    """Which it is of, where that is not what runs now."""
    sources: Mapping[str, bytes] = field(default_factory=dict)
    """Files as they were then, by path; others are as they are on the disk."""

    @property
    def causes(self) -> list[str]:
        of = f", in save {self.save.number} of {self.save.time}" if self.save else ""
        return [f"{cause_text(each, self.run)}{of}" for each in self.found]

    @property
    def none_yet(self) -> str:
        """Why there is nothing to copy."""
        known = "no wrong layer" if self.run.culprit() is None else "no root cause is known"
        return f"{known}{'' if self.run.settled else ' so far'}{self.of}"

    @property
    def copied(self) -> str:
        """What was copied, in a line."""
        first, *more = self.causes
        return f"copied: {first}{f' and {len(more)} more' if more else ''}"

    @property
    def of(self) -> str:
        """`` of save 1``; nothing of what runs now."""
        return f" of save {self.save.number}" if self.save else ""

    @property
    def copy_label(self) -> str:
        """What the key that copies takes."""
        count = len(self.found)
        return f"copy {'cause' if count == 1 else f'{count} causes'}{self.of}"

    @property
    def page_label(self) -> str:
        return f"page{self.of}"

    def write(self, now: datetime) -> Path:
        """
        Raises:
            Problem: nothing has run, or the page can't be written.
        """
        return write_page(self.run, self.options, now, self.save, self.sources)


def handed_now(run: Run, history: History) -> Handed:
    """What the dashboard hands over."""
    of_now = Handed(run, root_causes(run) if run.position >= 0 else (), history.options)
    if of_now.found and run.stale is None:
        return of_now
    for save in reversed(history.saves):
        found = history.result(save, run)
        if found.causes and found.run is not None:
            return _of(found.run, save)
    return of_now


def handed_of(save: Save, history: History, run: Run) -> Handed:
    """What the history hands over.

    Raises:
        Problem: nothing has come of the save.
    """
    result = history.result(save, run)
    if result.summed_up:
        message = f"save {save.number} is long past: only its worst layer is still known"
        raise Problem("save", f"{message}; w writes its source to run it again")
    if result.run is None:
        message = f"nothing of save {save.number} has run: there is nothing to take along"
        raise Problem("save", message)
    return _of(result.run, save)


def _of(run: Run, save: Save) -> Handed:
    return Handed(run, root_causes(run), save.options, save, save.files)
