"""Port files under the debugger, in the test's own process."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from editing import replace
from shell import ROOT

from debug.engine.session import Session
from debug.protocol.messages import Aligned, Message, NotPossible, Open
from debug.results.run import Run

EXAMPLES = ROOT / "examples"
FACTORY = "debug.port.subject:open_port"


@dataclass
class Debugged:
    """Everything that the debugger finds out about a port."""

    run: Run = field(default_factory=Run)

    @property
    def aligned(self) -> Aligned:
        assert self.run.aligned is not None
        return self.run.aligned

    def hear(self, event: Message) -> None:
        assert not isinstance(event, NotPossible), event
        self.run.apply(event)  # pyright: ignore[reportArgumentType]

    def module_of(self, layer: str) -> str:
        """What a layer is on the candidate's side."""
        return next(p.candidate for p in self.aligned.pairs if p.layer == layer)

    @property
    def wrong(self) -> list[str]:
        """The layers that are not ok, in the run of the model or in isolation."""
        run = self.run
        return [
            layer.name
            for index, layer in enumerate(run.layers)
            if not run.results[index].chained.verdict.healthy
            or (
                index in run.isolated_events
                and not run.isolated_events[index].divergence.verdict.healthy
            )
        ]


class Debugger:
    """A session on a port file, which may be saved again and again."""

    def __init__(self, port: Path) -> None:
        self._found = Debugged()
        options = {"port": str(port), "device": "cpu"}
        self._session = Session.open(FACTORY, Open(options, watch=False), self._hear)

    def _hear(self, event: Message) -> None:
        self._found.hear(event)

    def loaded(self) -> Debugged:
        """What there is to say of the files as they are now."""
        self._session.load()
        for _ in self._session.names:
            self._session.advance()
        while not self._session.settled:
            self._session.go_on()
        return self._found


def debugged(port: Path) -> Debugged:
    return Debugger(port).loaded()


def copied(example: str, folder: Path) -> Path:
    """A copy of an example's files, to be broken. Returns the port's file."""
    port = EXAMPLES / example
    if port.parent == EXAMPLES:
        shutil.copy(port, folder)
        return folder / port.name
    shutil.copytree(port.parent, folder, dirs_exist_ok=True)
    return folder / port.name


def edited(folder: Path, file: str, edits: Sequence[tuple[str, str]]) -> None:
    for old, new in edits:
        replace(folder / file, old, new)
