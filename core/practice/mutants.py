"""A port's own code with one mistake in it: every mutant of some files, by number.

The numbers are in an order of chance that the files' text decides: the same source has the
same numbers, and a number says nothing about the place.
"""

import ast
import difflib
import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from core.practice.mistakes import KINDS, Surroundings, called
from core.practice.running_code import Lines, Scope, scopes_that_ran
from core.practice.text import Edit, Text


class Mutant(NamedTuple):
    file: str
    kind: str
    hint: str
    edit: Edit

    def diff(self, source: bytes) -> str:
        """What was changed."""
        right, wrong = (
            text.decode().splitlines(True) for text in (source, self.edit.applied(source))
        )
        lines = difflib.unified_diff(right, wrong, self.file, self.file, n=1)
        return "".join(lines)


def mutants_of(sources: Mapping[str, bytes], lines: Lines) -> list[Mutant]:
    """All mistakes that can be made in code that ran, in the order of their numbers.

    Args:
        sources: by the names under which the lines have the files.
        lines: what ran.
    """
    found: dict[tuple[str, Edit], Mutant] = {}
    for file, source in sources.items():
        program = ast.dump(ast.parse(source))
        for kind, hint, edit in _edits(source, file, lines):
            if _program(edit.applied(source)) not in (None, program):
                found.setdefault((file, edit), Mutant(file, kind, hint, edit))
    return sorted(found.values(), key=lambda mutant: _place(mutant, sources[mutant.file]))


def _edits(source: bytes, file: str, lines: Lines) -> Iterator[tuple[str, str, Edit]]:
    tree, text = ast.parse(source), Text(source)
    for scope in scopes_that_ran(tree, file, lines):
        around = Surroundings(text, _alike(scope, text))
        for node in scope.nodes:
            for kind, hint in KINDS:
                for edit in kind(node, around):
                    yield kind.__name__, hint, edit


def _alike(scope: Scope, text: Text) -> Mapping[str, list[str]]:
    """Names of the function that are given calls of the same, and modules of the class."""
    made: dict[str, list[str]] = defaultdict(list)
    for part in (scope.function, scope.owner):
        for node in ast.walk(part) if part is not None else ():
            if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
                continue
            for target in node.targets:
                if isinstance(target, ast.Name) == (part is scope.function):
                    made[called(node.value)].append(text.of(target))
    alike: dict[str, list[str]] = defaultdict(list)
    for names in made.values():
        several = list(dict.fromkeys(names))
        for name, other in zip(several, several[1:] + several[:1], strict=True):
            if name != other and other not in alike[name]:
                alike[name].append(other)
    return alike


def _program(source: bytes) -> str | None:
    """What a source says, whatever it looks like; nothing, if it does not parse."""
    try:
        return ast.dump(ast.parse(source))
    except (SyntaxError, ValueError):
        return None


def _place(mutant: Mutant, source: bytes) -> bytes:
    of = f"{mutant.kind} {mutant.edit}".encode() + source
    return hashlib.blake2b(of, digest_size=8).digest()
