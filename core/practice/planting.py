"""A bug in a copy of anybody's port, to practise on.

A port has no list of bugs that were thought of, so its own code is broken: each mistake
that can be made in the code that runs (`core.practice.mutants`) is a number. Most of them
break nothing or too much, so one is tried before it is handed out: the copy must run, and
the debugger must find a layer that diverges. The folder then holds the broken copy.
"""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from core.messages import ListedMutant, Planted
from core.practice.broken_sources import Copy, copies_of
from core.practice.mutants import Mutant, mutants_of
from core.practice.running_code import functions_called, lines_run
from debug.candidate.source import library_files, local_files
from debug.candidate.trace import build
from debug.engine.session import Session
from debug.port.subject import read_port, subject_of
from debug.protocol.diagnostic import Problem
from debug.protocol.messages import Message, Open, Progress
from debug.protocol.verdict import Verdict
from debug.results.run import Run
from debug.subject import Options

FACTORY = "debug.port.subject:open_port"
Emit = Callable[[Message], None]


class Breakable(NamedTuple):
    """A port's files as copies, and what can be broken in them."""

    port: Path
    copies: Sequence[Copy]
    mutants: Sequence[Mutant]

    def listed(self) -> list[ListedMutant]:
        sources = {copy.name: copy.source for copy in self.copies}
        return [
            ListedMutant(number, each.hint, each.file, each.diff(sources[each.file]))
            for number, each in enumerate(self.mutants, start=1)
        ]


def breakable(options: Mapping[str, Any]) -> Breakable:
    """What can be broken in a port.

    Args:
        options: what a person asked for, as a port's subject takes it.

    Raises:
        Problem: the file is no port, it can't be built, or nothing in it can be broken.
    """
    source = read_port(Options(options))
    with functions_called() as called:
        subject = subject_of(source, Options(options))
    subject.align_with(source)
    path = subject.graph
    library = library_files(subject.libraries)
    files = {str(file) for file in local_files(path)} | set(library.values())
    with lines_run(files) as lines:
        build(subject, source, subject.layers, with_inputs=False)
    # What PyTorch's side runs as well would be wrong on both.
    own = {function: ran for function, ran in lines.items() if function not in called}
    ran = {function.file for function in own}
    elsewhere = {name: Path(file) for name, file in library.items() if file in ran}
    copies = copies_of(path, elsewhere)
    names = {str(copy.original): copy.name for copy in copies}
    sources = {copy.name: copy.source for copy in copies}
    moved = {
        function._replace(file=names[function.file]): ran_lines
        for function, ran_lines in own.items()
        if function.file in names
    }
    mutants = mutants_of(sources, moved)
    if not mutants:
        message = "nothing that can be broken runs here, or in a file that it imports"
        raise Problem("practice", message, path)
    return Breakable(path, copies, mutants)


def plant(
    options: Mapping[str, Any], number: int | None, folder: Path, emit: Emit
) -> Planted:
    """Writes a port's files into a folder, one of them with a bug.

    Args:
        options: what a person asked for, as a port's subject takes it.
        number: of the mutant; any that is a bug, if none is given.
        folder: is there, and empty.
        emit: is told what is slow.

    Raises:
        Problem: the port is wrong to begin with, the number is no bug, or a file can't be
            written.
    """
    found = breakable(options)
    numbers = _drawn(found.mutants) if number is None else [number]
    if number is not None and not 1 <= number <= len(found.mutants):
        message = f"there is no bug {number} in {found.port.name}"
        raise Problem(
            "practice", f"{message}: give a number from 1 to {len(found.mutants)}"
        )
    trial = _Trial(found, options, folder, emit)
    for each in numbers:
        mutant = found.mutants[each - 1]
        if trial.is_bug(mutant):
            diff = mutant.diff(trial.sources[mutant.file])
            return Planted(each, mutant.hint, diff, found.copies[0].name)
    if number is None:
        message = f"none of {len(found.mutants)} changes makes a layer diverge"
        raise Problem("practice", message, found.port)
    message = f"number {number} of {found.port.name} is no bug: {trial.seen}"
    raise Problem("practice", f"{message}; give another number, or none")


def _drawn(mutants: Sequence[Mutant]) -> list[int]:
    """All numbers by chance, the first of each kind before the second of any."""
    numbers = random.sample(range(1, len(mutants) + 1), len(mutants))
    seen: Counter[str] = Counter()
    turns = {}
    for number in numbers:
        kind = mutants[number - 1].kind
        seen[kind] += 1
        turns[number] = seen[kind]
    return sorted(numbers, key=turns.__getitem__)


class _Trial:
    """A session on the copies, in which one mutant after the other is tried."""

    def __init__(
        self, found: Breakable, options: Mapping[str, Any], folder: Path, emit: Emit
    ) -> None:
        """
        Raises:
            Problem: the port is wrong without a mistake, too, or its copy does not run.
        """
        self.sources = {copy.name: copy.source for copy in found.copies}
        self.seen = ""
        """What became of the last mutant that was no bug."""
        self._folder, self._emit, self._run = folder, emit, Run()
        for name, source in self.sources.items():
            self._write(name, source)
        port = str(folder / found.copies[0].name)
        opened = Open({**options, "port": port}, watch=False)
        self._session = Session.open(FACTORY, opened, self._hear)
        self._run_all()
        wrong = [
            layer.name
            for layer, verdict in zip(self._run.layers, self._run.verdicts(), strict=True)
            if verdict not in (Verdict.OK, Verdict.WATCH)
        ]
        if wrong or self._run.doubts:
            what = f"{wrong[0]} is wrong" if wrong else self._run.doubts[0]
            message = f"the port is not right to begin with: {what}"
            raise Problem("practice", f"{message}; see maxwhisper check", found.port)

    def is_bug(self, mutant: Mutant) -> bool:
        """Whether a layer diverges with it. If so, the folder holds it; if not, it holds
        the port as it was."""
        right = self.sources[mutant.file]
        self._write(mutant.file, mutant.edit.applied(right))
        try:
            self._run_all()
            if Verdict.DIVERGED in self._run.verdicts():
                return True
            self.seen = "no layer diverges with it"
        except Problem as problem:
            self.seen = f"with it the port does not run ({problem})"
        self._write(mutant.file, right)
        return False

    def _run_all(self) -> None:
        self._session.load()
        for _ in self._session.names:
            self._session.advance()

    def _hear(self, event: Message) -> None:
        if isinstance(event, Progress):
            self._emit(event)
        else:
            self._run.apply(event)  # pyright: ignore[reportArgumentType]

    def _write(self, name: str, source: bytes) -> None:
        file = self._folder / name
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(source)
        except OSError as error:
            message = f"can't write {name} ({error.strerror})"
            raise Problem("save", f"{message}; go to a folder where you can") from error
