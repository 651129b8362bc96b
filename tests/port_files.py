"""A port's file for the tests, of the example of two layers: the one that ``make torture``
attacks, without its neighbour and its marks."""

from pathlib import Path

from scripts.torture.port import PORT

_LINES = PORT.replace("activation(", "ops.gelu(").splitlines(keepends=True)
TEXT = "".join(x for x in _LINES if "# here" not in x and "neighbour" not in x)


def write_port(folder: Path, *edits: tuple[str, str]) -> Path:
    """A file whose modules have other names than PyTorch's, with some text replaced."""
    return write_edited(folder, TEXT, *edits)


def write_edited(folder: Path, text: str, *edits: tuple[str, str]) -> Path:
    """A port's file of a text in which each of some others, found once, is replaced."""
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = folder / "my_port.py"
    path.write_text(text)
    return path
