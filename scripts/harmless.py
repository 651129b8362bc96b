"""Other ways of writing the encoder that are as right: the patches of `harmless.toml`."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.practice.bases import BASES

ENCODER = BASES["encoder"]
FILE = Path(__file__).with_name("harmless.toml")


@dataclass(frozen=True)
class Rewrite:
    name: str
    edits: tuple[tuple[str, str], ...]

    @property
    def source(self) -> str:
        """The encoder, written that way.

        Raises:
            ValueError: the encoder has changed, and the patch no longer fits.
        """
        text = ENCODER.read_text()
        for old, new in self.edits:
            if old not in text:
                raise ValueError(f"{self.name}: {old!r} is not in {ENCODER.name}")
            text = text.replace(old, new)
        return text


@cache
def rewrites() -> tuple[Rewrite, ...]:
    read = tomllib.loads(FILE.read_text())["rewrite"]
    return tuple(Rewrite(each["name"], tuple(map(tuple, each["edits"]))) for each in read)
