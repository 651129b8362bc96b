"""How alike two sides' names are, where content can't tell or says something else."""

import re

from rapidfuzz import fuzz

FILLERS = {"proj", "projection", "linear", "dense", "layer", "fc", "w", "lin", "net"}
"""Words that say nothing about which of several layers one is."""
OPPOSED = 0.5
"""By how much names must speak for another pairing of two layers."""
INITIAL = 0.7
"""How alike a word and its first letters are."""


def plain(name: str) -> str:
    """A dotted name without what ports write differently: case and underscores."""
    return name.replace("_", "").lower()


def pattern(name: str) -> str:
    """The name with every number replaced: the same layer of all blocks."""
    return re.sub(r"\d+", "N", name)


def core(name: str) -> str:
    """What the last part of a dotted name says: ``q`` of ``attn.q_proj`` and ``wq``."""
    last = name.rpartition(".")[2]
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", last).lower()
    words = [word for word in spaced.split("_") if word not in FILLERS]
    said = "".join(words) or spaced
    return re.sub(r"^w(?=[qkvo]$)", "", said)


def oppose(layers: tuple[str, str], modules: tuple[str, str]) -> bool:
    """Whether two layers of one module would be paired with two modules the other way round
    by their names."""
    if any(a.rpartition(".")[0] != b.rpartition(".")[0] for a, b in (layers, modules)):
        return False
    (one, other), (a, b) = layers, modules
    as_they_are = similarity(one, a) + similarity(other, b)
    return similarity(one, b) + similarity(other, a) > as_they_are + OPPOSED


def similarity(one: str, other: str) -> float:
    """From 0 to 1, of the last parts of two dotted names."""
    a, b = core(one), core(other)
    if a == b:
        return 1.0
    if a and b and (a.startswith(b) or b.startswith(a)):
        return INITIAL
    return fuzz.ratio(a, b) / 200
