"""The candidate's source file and what it imports: read, hashed, executed afresh."""

import ast
import hashlib
import itertools
import linecache
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from debug.diagnostic import Problem

_generations = itertools.count(1)


@dataclass(frozen=True)
class Source:
    """One load of the candidate's file, with the local files it imports."""

    module: ModuleType
    names: set[str]
    """Every file that takes part."""


def content_hash(path: Path) -> str | None:
    """The hash of a file's bytes, or None while it can't be read."""
    try:
        return hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
    except OSError:
        return None


def content_hashes(path: Path) -> dict[Path, str | None]:
    """The hashes of a source file and of all that it imports, as they are now.

    Taken before a load: what is saved while it runs then differs, and is not missed.
    """
    return {file: content_hash(file) for file in local_files(path)}


def load_source(path: Path) -> Source:
    """Executes a source file in a fresh module, and the local modules that it imports.

    Nothing that was loaded before is touched: if the file is bad, its predecessor stands.

    Raises:
        Problem: the file can't be read, compiled or executed.
    """
    path = path.resolve()
    files = local_files(path)
    for file in files:
        _compile(file)  # all of it must parse before any of it runs
        linecache.checkcache(str(file))
    name = f"candidate_{next(_generations)}"
    module = ModuleType(name)
    module.__file__ = str(path)
    names = {str(file) for file in files}
    forgotten = _forget(names - {str(path)})
    sys.modules[name] = module
    try:
        with _on_path(path.parent):
            exec(_compile(path), module.__dict__)
    except (Exception, SystemExit) as error:
        sys.modules.update(forgotten)
        raise Problem.of("graph", error, names) from error
    finally:
        del sys.modules[name]
    return Source(module, names)


def _compile(path: Path):
    try:
        return compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
    except OSError as error:
        reason = error.strerror or error
        raise Problem(
            "graph", f"can't read {path}: {reason}; give a file with --graph"
        ) from error
    except (SyntaxError, ValueError) as error:
        raise Problem.of("graph", error) from error


class _on_path:  # noqa: N801
    """A file's neighbours can be imported while it executes, as when Python runs it."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)

    def __enter__(self) -> None:
        sys.path.append(self._folder)  # last: a neighbour must not hide a library

    def __exit__(self, *_: object) -> None:
        sys.path.remove(self._folder)


def _forget(names: set[str]) -> dict[str, ModuleType]:
    """Takes the modules of some files out of ``sys.modules``, to be imported afresh."""
    loaded = {
        key: module
        for key, module in list(sys.modules.items())
        if getattr(module, "__file__", None) in names
    }
    for key in loaded:
        del sys.modules[key]
    return loaded


def local_files(path: Path) -> list[Path]:
    """The file and, transitively, the files beside it or in its package that it imports."""
    found: list[Path] = []
    pending = [path.resolve()]
    while pending:
        file = pending.pop()
        if file in found:
            continue
        found.append(file)
        pending.extend(_imported(file, path.parent.resolve()))
    return found


def _imported(file: Path, root: Path) -> list[Path]:
    try:
        tree = ast.parse(file.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return []
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return [path for name in names if (path := _local(name, root)) is not None]


def _local(name: str, root: Path) -> Path | None:
    """The file of a module, if it lies in the candidate's folder or a folder below."""
    parts = name.split(".")
    if (root / "__init__.py").is_file():  # a package's modules are named by it
        if parts[0] != root.name or len(parts) == 1:
            return None
        parts = parts[1:]
    file = root.joinpath(*parts).with_suffix(".py")
    return file.resolve() if file.is_file() else None
