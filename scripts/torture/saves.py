"""Hostile saves: what a person, an editor or a bad line may do to a port's files.

Each `Save` is a version of the port or of the file that it imports, or something else in
their place, with what the screen must say of it: in which words, of which file and line.
Most are one of some hundred lines at one of the places of a port where a line may stand.
"""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts.torture.leftovers import LEAVES, OFTEN
from scripts.torture.lines import CHANGES, ENDS, HANGS, OK, RAISES, SYNTAX
from scripts.torture.port import (
    FILES,
    IMPORT,
    PLACES,
    PORT,
    Do,
    at,
    file_of,
    line_of,
    put,
)
from scripts.torture.versions import handed_on, meant, written

CLOSES = ("descriptor 0", "descriptor 1", "descriptor 2")
Blamed = tuple[str | None, int | None]
"""A file and its line."""
NOBODY: Blamed = (None, None)
BROKEN = put("port.py", f"{PORT}raise ValueError('not yet')\n")
BROKEN_AT = len(PORT.splitlines()) + 1
OTHER = put("port.py", PORT.replace("activation(self.first(x))", "self.first(x)[:, :, :]"))


@dataclass(frozen=True)
class Save:
    kind: str
    name: str
    do: Do
    says: tuple[str, ...]
    """One of these is on the screen."""
    file: str | None = None
    """The file that is named, if one is to blame."""
    line: int | None = None
    """And its line, if that can be known."""
    keys: str = ""
    """What is typed before."""

    @property
    def runs(self) -> bool:
        """Whether it makes a generation of its own, good or bad."""
        return self.file is None

    @property
    def hangs(self) -> bool:
        return self.kind == "hangs"

    @property
    def ends(self) -> bool:
        """Whether it ends the engine."""
        return self.kind in ("ends", "hangs") or "descriptors" in self.says

    @property
    def where(self) -> str:
        """As the screen names the place."""
        return f"{self.file}:" if self.line is None else f"{self.file}:{self.line}:"


def lines() -> Iterator[Save]:
    """Hostile lines at all places."""
    for place in PLACES:
        file, line = file_of(place), line_of(place)
        for name, (text, says) in RAISES.items():
            do, said = at(place, text), (says,)
            yield Save("raises", f"{name} in the {place}", do, said, file, line)
        for name, (text, says, known) in ENDS.items():
            do, said = at(place, text), (says,)
            blamed = (file, line) if known else ("port.py", None)
            yield Save("ends", f"{name} in the {place}", do, said, *blamed)
        for name, text in HANGS.items():
            do, said = at(place, text), ("it was stopped",)
            yield Save("hangs", f"{name} in the {place}", do, said, file, line)
        for name, (text, says) in CHANGES.items():
            do, blamed = at(place, text), NOBODY
            if name in CLOSES and place in ("constructor", "call"):  # which run twice
                says, blamed = "Bad file descriptor", (file, line)
            if name == "default dtype" and place in ("module", "neighbour"):
                says, blamed = "float64", ("port.py", None)
            if name == "builtins" and place != "module":  # what comes next needs them
                known = None if place == "constructor" else line + 1
                says, blamed = "not callable", (file, known)
            yield Save("changes", f"{name} in the {place}", do, (says,), *blamed)
    for file, place in {"port.py": "module", "neighbour.py": "neighbour"}.items():
        for name, (text, says) in SYNTAX.items():
            if name == "return outside" and place == "neighbour":
                continue
            do, said = at(place, text), (says,)
            known = line_of(place)
            if place == "neighbour" and says == "indent":  # Python names the next line
                known += 1
            yield Save("syntax", f"{name} in {file}", do, said, file, known)


def leftovers() -> Iterator[Save]:
    """Lines that leave something behind, in a file and in a layer that is called."""
    for place in ("module", "call"):
        for name, (text, says) in LEAVES.items():
            if place == "call":  # of which there are several
                says = OFTEN.get(name, says)
            blamed = NOBODY if says == OK else ("port.py", None)
            do = at(place, text)
            yield Save("leaves", f"{name} in the {place}", do, (says,), *blamed)


def versions() -> Iterator[Save]:
    """The same port as others write it, and ports that are hard to take."""
    for name, data, says in (*written(), *meant()):
        blamed = NOBODY if says == OK else ("port.py", None)
        yield Save("versions", name, put("port.py", data), (says,), *blamed)
    for name, data, says in handed_on():
        used = "neighbour.py", line_of("neighbour") + 1
        yield Save("versions", name, put("port.py", data), (says,), *used)


def contents() -> Iterator[Save]:
    """Something else in a file."""
    for file, text in FILES.items():
        is_port = file == "port.py"
        here = line_of("module" if is_port else "neighbour")
        missing = ("port()",) if is_port else ("activation",)
        blamed = ("port.py", None if is_port else IMPORT)
        half = ("syntax error",)
        cut = (file, None if is_port else here)
        nested = b"x = " + b"(" * 5000 + b")" * 5000
        latin = text.replace("here", "h\xe9re").encode("latin-1")
        picture = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
        coded = b"# coding: nonsense\n" + text.encode()
        cases: tuple[tuple[str, bytes, tuple[str, ...], Blamed], ...] = (
            ("empty", b"", missing, blamed),
            ("NUL", text.replace("here", "\0").encode(), ("NUL",), (file, here)),
            ("UTF-16", text.encode("utf-16"), ("UTF-16",), (file, 1)),
            ("Latin-1", latin, ("utf-8",), (file, here)),
            ("half of it", text[: len(text) // 2].encode(), half, cut),
            ("nested", nested, ("nested",), (file, 1)),
            ("a picture", picture, ("NUL", "utf-8"), (file, None)),
            ("another encoding", coded, ("encoding",), (file, None)),
            ("a line of 1 MB", text.encode() + b"# " + b"x" * 1_000_000, (OK,), NOBODY),
            ("50,000 lines", text.encode() + b"\ny = 1" * 50_000, (OK,), NOBODY),
        )
        for name, data, says, (blamed_file, number) in cases:
            do = put(file, data)
            yield Save("contents", f"{file}: {name}", do, says, blamed_file, number)


def edits() -> Iterator[Save]:
    """Mistakes of porting that end a load."""
    bias = '        self.bias = Weight("bias", DType.float32, (n_out,), device)\n'
    more = bias.replace("bias", "more")
    mistakes = {
        "a wrong shape": ("(n_out, n_in)", "(n_in, n_out)", ("shape",)),
        "a wrong dtype": (
            '"bias", DType.float32',
            '"bias", DType.int32',
            ("cast from si32",),
        ),
        "a missing weight": (bias + "\n", "\n", ("bias",)),
        "a weight too many": (bias, bias + more, ("more",)),
    }
    for name, (old, new, says) in mistakes.items():
        assert old in PORT, name
        yield Save("edits", name, put("port.py", PORT.replace(old, new)), says, "port.py")
    circle = put("neighbour.py", "import port\n\nactivation = port.activation\n")
    yield Save("edits", "imports in a circle", circle, ("circular",), "port.py", IMPORT)


def places() -> Iterator[Save]:
    """Something else in a file's place."""
    for file in FILES:
        is_port = file == "port.py"
        gone = ("save it again",) if is_port else ("neighbour",)
        blamed = ("port.py", None if is_port else IMPORT)
        for name, do in {
            "deleted": lambda folder, f=file: (folder / f).unlink(),
            "renamed": lambda folder, f=file: (folder / f).rename(folder / f"old-{f}"),
            "a folder": _in_place_of(file, lambda path: path.mkdir()),
            "a link to itself": _in_place_of(file, lambda path: path.symlink_to(path.name)),
            "a pipe": _in_place_of(file, os.mkfifo),
            "not to be read": lambda folder, f=file: (folder / f).chmod(0),
        }.items():
            if name == "not to be read" and os.geteuid() == 0:
                continue  # who may do everything may read it, too
            yield Save("places", f"{file}: {name}", do, gone, *blamed)


def _in_place_of(file: str, make: Do) -> Do:
    def do(folder: Path) -> None:
        (folder / file).unlink()
        make(folder / file)

    return do


def moments() -> Iterator[Save]:
    """A save while something else is under way."""

    def after(seconds: float, *saves: Do) -> Do:
        def do(folder: Path) -> None:
            for each in saves:
                each(folder)
                time.sleep(seconds)

        return do

    good = put("port.py", PORT)
    bad, well = (("not yet",), "port.py", BROKEN_AT), ((OK,),)
    for milliseconds in (20, 100, 300, 700):
        quick = milliseconds / 1000
        name = f"{milliseconds} ms after another"
        yield Save("moments", f"a bad save {name}", after(quick, OTHER, BROKEN), *bad)
        yield Save("moments", f"a good save {name}", after(quick, BROKEN, good), *well)
    yield Save("moments", "a bad save during a compilation", BROKEN, *bad, keys="v")
    yield Save("moments", "a bad save during a run in float64", BROKEN, *bad, keys="w")
    twenty = after(0.02, *[OTHER, good] * 10, BROKEN)
    yield Save("moments", "twenty saves, the last one bad", twenty, *bad)


def saves() -> list[Save]:
    done = (lines(), leftovers(), versions(), contents(), edits(), places(), moments())
    return [save for saves in done for save in saves]
