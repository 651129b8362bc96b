"""Copies of a port's files, to be broken: its own, and those that it is made of elsewhere.

A port's own files are the port's file and what it imports from its folder. Where its
modules come from a package, such as an architecture of MAX in ``site-packages``, that
package's files are copied beside it, and the imports that lead to them are rewritten.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from core.practice.text import Edit, Text
from debug.candidate.source import initialisers, local_files, package_of
from debug.protocol.diagnostic import Problem

FROM = re.compile(r"from\s+[\w.]+")


@dataclass(frozen=True)
class Copy:
    original: Path
    name: str
    """Where it lies within the folder of copies."""
    source: bytes
    """With other imports, on the same lines."""


def copies_of(port: Path, library: Mapping[str, Path]) -> list[Copy]:
    """The files that are copied; the port's own comes first.

    Args:
        port: the port's file.
        library: source files elsewhere that the port is made of, by their modules' names.

    Raises:
        Problem: a file can't be read.
    """
    own = local_files(port)
    base, package = package_of(port.parent)
    if len(own) == 1:  # nothing in it needs the package around it
        base, package = port.parent, []
    beside = "/".join(package)
    pending = {file: str(file.relative_to(base)) for file in own}
    around = {each for file in own for each in initialisers(file, base)}
    pending.update({f: str(f.relative_to(base)) for f in sorted(around - pending.keys())})
    modules = {str(file): name for name, file in library.items()}
    names = {name: ".".join([*package, _flat(name)]) for name in library}
    copies: dict[Path, Copy] = {}
    while pending:
        file = next(iter(pending))
        name = pending.pop(file)
        source, reached = _rewritten(_read(file), modules.get(str(file)), names)
        copies[file] = Copy(file, name, source)
        for module in reached:
            if library[module] not in copies:
                place = Path(beside, f"{_flat(module)}.py")
                pending[library[module]] = str(place)
    return list(copies.values())


def _flat(module: str) -> str:
    """The name of a module's copy: it tells where it is from, and is nobody else's."""
    return "_".join(module.split(".")[-2:])


def _read(file: Path) -> bytes:
    try:
        source = file.read_bytes()
        source.decode()
        ast.parse(source)
    except (OSError, ValueError, SyntaxError) as error:
        raise Problem("practice", f"can't read {file}: {error}") from error
    return source


def _rewritten(
    source: bytes, module: str | None, names: Mapping[str, str]
) -> tuple[bytes, set[str]]:
    """A source whose imports lead to copies, and the modules whose copies it needs.

    Args:
        source: a file's.
        module: its name, if it is of a package elsewhere: what it imports from its own
            package is not beside its copy.
        names: of the copies, by those of the modules.
    """
    text, reached, edits = Text(source), set[str](), list[Edit]()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom | ast.Import):
            for edit, of in _imports(node, text, module, names):
                edits.append(edit)
                reached |= {of} if of else set()
    for edit in sorted(edits, reverse=True):
        source = edit.applied(source)
    return source, reached


def _imports(
    node: ast.ImportFrom | ast.Import,
    text: Text,
    module: str | None,
    names: Mapping[str, str],
) -> Iterator[tuple[Edit, str | None]]:
    """What is written in an import's place, with the module whose copy it leads to."""
    alone = node.names[0] if len(node.names) == 1 else None
    if isinstance(node, ast.Import):
        if alone and alone.asname and alone.name in names:
            new = f"import {names[alone.name]} as {alone.asname}"
            yield text.instead(node, new), alone.name
        return
    if node.level and module is None:
        return  # its neighbours are copied, too
    above = (module or "").split(".")[: -node.level] if node.level else []
    origin = ".".join([*above, *([node.module] if node.module else [])])
    if alone and (within := f"{origin}.{alone.name}") in names:
        new = f"import {names[within]} as {alone.asname or alone.name}"
        yield text.instead(node, new), within
    elif origin in names or node.level:
        start, written = text.start(node), FROM.match(text.of(node))
        assert written is not None
        new = f"from {names.get(origin, origin)}"
        reached = origin if origin in names else None
        yield Edit(start, start + written.end(), new), reached
