"""The sources of a port, copied to where nothing else of the person's machine is."""

import ast
import shutil
from collections.abc import Collection, Iterable
from importlib.metadata import packages_distributions, version
from pathlib import Path

from debug.candidate.source import initialisers, local_files, package_of
from debug.protocol.diagnostic import Problem


def copy_sources(
    source: Path, folder: Path, own: Collection[str], name: str | None = None
) -> dict[str, str]:
    """Copies a source file, and beside it what it imports.

    Args:
        source: the file.
        folder: takes the copies.
        own: the names in the folder that no file may have, nor a folder.
        name: the source's in the folder, if it is not its own.

    Returns:
        Where the copies lie within the folder, by where the files were.

    Raises:
        Problem: two files would have one name.
    """
    source = source.resolve()
    root, _ = package_of(source.parent)  # a package's modules are named by it
    copies = {}
    pending = local_files(source)
    while pending:
        file = pending.pop(0)
        if str(file) in copies:
            continue
        within = str(file.relative_to(root))
        if file == source and name is not None:
            within = name
        elif Path(within).parts[0] in {*own, name}:
            message = f"a repro has a {Path(within).parts[0]} of its own"
            raise Problem("repro", f"{message}; give this one another name", file)
        copies[str(file)] = within
        (folder / within).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, folder / within)
        if within != name:
            for initialiser in initialisers(file, root):
                pending += _with_imports(initialiser, root)
    return copies


def _with_imports(initialiser: Path, root: Path) -> list[Path]:
    """A package is executed before its modules, with what it imports."""
    return [each for each in local_files(initialiser) if each.is_relative_to(root)]


def unwritten(error: OSError) -> Problem:
    message = f"can't write the layer's files ({error.strerror})"
    return Problem("save", f"{message}; give another --output")


def needed_packages(files: Iterable[Path]) -> dict[str, str]:
    """The installed packages that some files import, with their versions."""
    imported: set[str] = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_bytes())):
            if isinstance(node, ast.Import):
                imported.update(each.name.partition(".")[0] for each in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.partition(".")[0])
    installed = packages_distributions()
    found = {installed[name][0] for name in imported - {"maxwhisper"} if name in installed}
    return {name: version(name) for name in sorted(found)}
