"""openai's encoder as a source file of its own, which needs no openai-whisper."""

import ast
import inspect
from importlib.metadata import files

import whisper.model

PACKAGE = "openai-whisper"
ENCODER = "AudioEncoder"
HEADING = '''"""The encoder of openai-whisper's model.py, word for word."""
'''
EXPLICIT = """\
# SDPA, the default there, never forms qk.
SDPA_AVAILABLE = False
scaled_dot_product_attention = None
"""


def encoder_source() -> str:
    """Of the installed version: what the encoder is made of, under openai's licence.

    Raises:
        LookupError: the installed version has no such encoder, or no licence.
    """
    source = inspect.getsource(whisper.model)
    body = ast.parse(source).body
    needed = _needed(body)
    imports = [node for node in body if node in needed and _is_import(node)]
    rest = [node for node in body if node in needed and not _is_import(node)]
    head = "\n".join(_text(source, node) for node in imports)
    return (
        "\n\n\n".join(
            ["\n".join([_licence(), HEADING, head, "", EXPLICIT]).rstrip()]
            + [_text(source, node) for node in rest]
        )
        + "\n"
    )


def _needed(body: list[ast.stmt]) -> set[ast.stmt]:
    """The encoder's class, and transitively all that it names."""
    named = {name: node for node in body for name in _binds(node)}
    found: set[ast.stmt] = set()
    pending = [named[ENCODER]]
    while pending:
        node = pending.pop()
        if node not in found:
            found.add(node)
            names = (each.id for each in ast.walk(node) if isinstance(each, ast.Name))
            pending += [named[name] for name in names if name in named]
    return found


def _binds(node: ast.stmt) -> list[str]:
    match node:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
        case ast.Import(names=names) | ast.ImportFrom(names=names, level=0):
            return [each.asname or each.name for each in names]
    return []


def _is_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def _text(source: str, node: ast.stmt) -> str:
    decorators = getattr(node, "decorator_list", [])
    first = min([node.lineno, *(each.lineno for each in decorators)])
    return "\n".join(source.splitlines()[first - 1 : node.end_lineno])


def _licence() -> str:
    """As comments."""
    for file in files(PACKAGE) or ():
        if file.name == "LICENSE":
            lines = file.read_text().strip().splitlines()
            return "\n".join(f"# {line}".rstrip() for line in lines)
    raise LookupError(f"{PACKAGE} comes without its licence")
