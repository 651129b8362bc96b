"""The candidate's source file and what it imports: read, hashed, executed afresh.

A reload must never lose the last good generation. So all files are compiled before any of
them runs, each load is executed in a module of its own, and only then does the new one
take the place of the old.

Which files belong to a source is found by parsing its imports: those in its folder, or
below. They are executed afresh, too, past Python's cache of bytecode, which tells
versions apart by size and second and would miss a save of one digit.
"""

import ast
import errno
import hashlib
import io
import itertools
import linecache
import os
import stat
import sys
import tokenize
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType

from debug.candidate import libraries
from debug.protocol.diagnostic import Problem

Hears = Callable[[Mapping[str, str | None]], object]

TOO_DEEP = (RecursionError, MemoryError)
"""What Python's parser raises on an expression of too many parts."""
_generations = itertools.count(1)
_hears: list[Hears] = []


def tell_before_executing(hears: Hears) -> None:
    """From now on ``hears`` is given the files of every source that is about to be
    executed, by path, with the hashes of their contents: a source may end the process."""
    _hears[:] = [hears]


@dataclass(frozen=True)
class Source:
    """One load of the candidate's file, with the local files it imports."""

    module: ModuleType
    names: set[str]
    """Every file that takes part."""


def content_hash(path: Path) -> str | None:
    """The hash of a file's bytes, or None while it can't be read."""
    try:
        return hashlib.blake2b(read_source(path), digest_size=16).hexdigest()
    except OSError:
        return None


def content_hashes(path: Path, packages: Collection[str] = ()) -> dict[Path, str | None]:
    """The hashes of a source file and of all that it imports, as they are now.

    Taken before a load: what is saved while it runs then differs, and is not missed.

    Args:
        path: the file.
        packages: those elsewhere whose files take part.
    """
    link = [path] if path.is_symlink() else []  # a file may be put in its place
    files = [*link, *local_files(path), *map(Path, library_files(packages).values())]
    return {file: content_hash(file) for file in files}


def changed_since(
    hashes: Mapping[Path, str | None], source: Path | None = None
) -> Path | None:
    """A file that is not what it was when the hashes were taken, or None.

    Args:
        hashes: of files' contents, None for one that could not be read.
        source: one that imports others; one of those may have come since.
    """
    files = dict.fromkeys([*hashes, *(local_files(source) if source else ())])
    return next((f for f in files if content_hash(f) != hashes.get(f)), None)


def own_files(path: Path) -> dict[str, bytes]:
    """The contents of a source file and of all in its folder that it imports, by path;
    without what can't be read."""
    found: dict[str, bytes] = {}
    for file in local_files(path):
        with suppress(OSError):
            found[str(file)] = read_source(file)
    return found


def load_source(path: Path, packages: Collection[str] = ()) -> Source:
    """Executes a source file in a fresh module, and the local modules that it imports.

    Nothing that was loaded before is touched: if the file is bad, its predecessor stands.

    Args:
        path: the file.
        packages: those elsewhere that are read again as well, where they were loaded.

    Raises:
        Problem: the file can't be read, compiled or executed.
    """
    path = _resolved(path)
    elsewhere = library_files(packages)
    # All of it must parse before any of it runs.
    files = [*local_files(path), *map(Path, elsewhere.values())]
    codes = {str(file): _compile(file) for file in files}
    for hears in _hears:
        hears({str(file): content_hash(file) for file in files})
    names = set(codes)
    name = f"candidate_{next(_generations)}"
    module = ModuleType(name)
    module.__file__ = str(path)
    base, package = package_of(path.parent)
    if package:
        module.__package__ = ".".join(package)
        if str(base) not in sys.path:
            sys.path.insert(0, str(base))
    forgotten = _forget(path.parent, names - {str(path)}, elsewhere)
    sys.modules[name] = module
    libraries.put_back()
    libraries.remember()
    broken: list[str] = []
    try:
        with _Neighbours(path.parent, codes, elsewhere):
            try:
                exec(codes[str(path)], module.__dict__)
            finally:
                broken = libraries.rescue()
    except BaseException as error:
        sys.modules.update(forgotten)
        if not isinstance(error, Exception | SystemExit):
            raise  # it may be a person's Ctrl-C
        raise Problem.of("graph", error, names) from error
    finally:
        _tell_changes(path, broken)
        del sys.modules[name]
    return Source(module, names)


def _tell_changes(path: Path, broken: list[str]) -> None:
    """Says what a source has changed for all that come after it."""
    if changed := [*broken, *libraries.changed()]:
        names = ", ".join(changed[:3])
        said = f"{path.name} has changed {names}: that is undone before it is read again"
        print(said, file=sys.stderr)


def _compile(path: Path) -> CodeType:
    linecache.checkcache(str(path))
    try:
        code = read_source(path)
    except OSError as error:
        reason = error.strerror or error
        message = f"can't read it ({reason}): save it again, or give another file"
        raise Problem("graph", message, path) from error
    if (nul := code.find(0)) >= 0:
        utf16 = code.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
        message = "it is UTF-16" if utf16 else "it holds a NUL byte"
        line = code.count(b"\n", 0, nul) + 1
        raise Problem("graph", f"{message}: save it as UTF-8", path, line)
    try:
        compiled = compile(code, str(path), "exec", dont_inherit=True)
        code.decode(tokenize.detect_encoding(io.BytesIO(code).readline)[0])
        return compiled
    except UnicodeDecodeError as error:  # in a comment, compile() alone does not mind
        line = code.count(b"\n", 0, error.start) + 1
        message = f"it is no {error.encoding}: save it as UTF-8"
        raise Problem("graph", message, path, line) from error
    except (SyntaxError, ValueError) as error:
        raise Problem.of("graph", error, path=path) from error
    except TOO_DEEP as error:  # Python does not say where
        line = max(enumerate(code.split(b"\n"), 1), key=lambda each: len(each[1]))[0]
        message = "it is nested too deeply for Python: split what is longest"
        raise Problem("graph", message, path, line) from error


def read_source(path: Path) -> bytes:
    """
    Raises:
        OSError: it can't be read, or is a pipe, which nobody may ever write to.
    """
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "it is no file, but a pipe or a device")
        return file.read()


class _Neighbours(MetaPathFinder):
    """Imports the files that belong to a source, afresh, while it executes.

    Python's own loader goes by a cache of bytecode that tells versions apart by size and
    second: a save of one digit within a second would be missed.
    """

    def __init__(
        self, root: Path, codes: dict[str, CodeType], elsewhere: Mapping[str, str]
    ) -> None:
        self._root, self._codes, self._elsewhere = root, codes, elsewhere

    def __enter__(self) -> None:
        sys.meta_path.insert(0, self)

    def __exit__(self, *_: object) -> None:
        with suppress(ValueError):  # a source has taken it away
            sys.meta_path.remove(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        file = self._elsewhere.get(fullname)
        file = file or _neighbour(fullname, self._root, set(self._codes))
        if file is None:
            return None
        loader = _Compiled(fullname, file, self._codes[file])
        is_package = Path(file).name == "__init__.py"
        within = [str(Path(file).parent)] if is_package else None
        return spec_from_file_location(
            fullname, file, loader=loader, submodule_search_locations=within
        )


class _Compiled(SourceFileLoader):
    def __init__(self, fullname: str, path: str, code: CodeType) -> None:
        super().__init__(fullname, path)
        self._code = code

    def get_code(self, fullname: str) -> CodeType:
        return self._code


def _neighbour(name: str, root: Path, names: set[str]) -> str | None:
    """The file that a source means by a module's name, unless it means a library."""
    file = _local(name, root)
    if file is None or str(file) not in names:
        return None
    library = PathFinder.find_spec(name) if "." not in name else None
    return str(file) if library is None or _is_nobodys(library, file) else None


def _is_nobodys(library: ModuleSpec, file: Path) -> bool:
    """Whether a module that is found in place of a file is none of an installed library:
    it is the file, or lies in the folder where the program was started, or is any folder
    of that name."""
    if library.origin is None:
        return True
    here = PathFinder.find_spec(library.name, [str(Path.cwd())])
    return library.origin in (str(file), here.origin if here else None)


def _forget(
    root: Path, names: set[str], elsewhere: Mapping[str, str]
) -> dict[str, ModuleType]:
    """Takes a source's neighbours out of ``sys.modules``, to be imported afresh."""
    keys = [key for key in sys.modules if _neighbour(key, root, names)] if names else []
    keys += [key for key, module in sys.modules.items() if _is_gone(module)]
    keys += [key for key in elsewhere if key in sys.modules]
    return {key: sys.modules.pop(key) for key in dict.fromkeys(keys)}


def _is_gone(module: ModuleType) -> bool:
    """Whether a neighbour of an earlier load is no longer there to be imported."""
    loader = getattr(getattr(module, "__spec__", None), "loader", None)
    return isinstance(loader, _Compiled) and not Path(loader.path).is_file()


def is_of_a_source(made: object) -> bool:
    """Whether the class of something was made by a source, and by no library."""
    module = sys.modules.get(type(made).__module__)
    loader = getattr(getattr(module, "__spec__", None), "loader", None)
    return module is None or isinstance(loader, _Compiled)


def library_files(packages: Collection[str]) -> dict[str, str]:
    """The source files of all loaded modules in some packages, by the modules' names."""
    found = {}
    for name, module in list(sys.modules.items()):
        within = name in packages or name.rpartition(".")[0] in packages
        file = getattr(module, "__file__", None)
        if within and file and file.endswith(".py"):
            found[name] = file
    return found


def package_of(folder: Path) -> tuple[Path, list[str]]:
    """The folder that holds the outermost package around a folder, and the dotted name."""
    parts: list[str] = []
    while (folder / "__init__.py").is_file():
        parts.insert(0, folder.name)
        folder = folder.parent
    return folder, parts


def initialisers(file: Path, root: Path) -> list[Path]:
    """The ``__init__.py`` of each package that a file lies in, below a folder."""
    parents = [parent for parent in file.parents if parent.is_relative_to(root)]
    beside = (parent / "__init__.py" for parent in parents if parent != root)
    return [each for each in beside if each.is_file()]


def _resolved(path: Path) -> Path:
    """Where links lead, unless that is nowhere but to themselves."""
    try:
        return path.resolve()
    except (OSError, RuntimeError):
        return path.absolute()


def local_files(path: Path) -> list[Path]:
    """The file and, transitively, the files beside it or in its package that it imports."""
    found: list[Path] = []
    pending = [_resolved(path)]
    while pending:
        file = pending.pop()
        if file in found:
            continue
        found.append(file)
        pending.extend(_imported(file, path.parent.resolve()))
    return found


def _imported(file: Path, root: Path) -> list[Path]:
    try:
        code = read_source(file)
    except OSError:
        return []
    names = _names_imported(code, tuple(package_of(file.parent)[1]))
    return [path for name in names if (path := _local(name, root)) is not None]


@lru_cache(maxsize=256)
def _names_imported(code: bytes, package: tuple[str, ...]) -> frozenset[str]:
    """The dotted names of all modules that a source may import; parsed once, though a load
    asks three times.

    Args:
        code: of the file.
        package: that the file is in, part by part.
    """
    try:
        tree = ast.parse(code)
    except (SyntaxError, ValueError, *TOO_DEEP):
        return frozenset()
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = _absolute(node, package)
            names.add(module)
            names.update(f"{module}.{alias.name}" for alias in node.names)
    return frozenset(names)


def _absolute(node: ast.ImportFrom, package: Sequence[str]) -> str:
    """The dotted name of the module that a statement in a package imports from."""
    if node.level == 0:
        return node.module or ""
    above = package[: len(package) - node.level + 1]
    return ".".join([*above, *([node.module] if node.module else [])])


def _local(name: str, root: Path) -> Path | None:
    """The file of a module, if it lies in the candidate's folder, a folder below, or the
    package that the candidate is a part of."""
    if not name:
        return None
    parts = name.split(".")
    base, package = package_of(root)
    if package and (parts[0] != package[0] or len(parts) == 1):
        return None  # a package's modules are named by it
    file = base.joinpath(*parts).with_suffix(".py")
    if not file.is_file():
        file = base.joinpath(*parts, "__init__.py")
    return file.resolve() if file.is_file() else None
