"""Two transcripts, word by word."""

import bisect
import itertools
import re
from collections.abc import Sequence

import msgspec
from rapidfuzz.distance import Levenshtein


class Word(msgspec.Struct, frozen=True):
    text: str
    """Empty where the reference has a word and the other has none."""
    differs: bool


def word_differences(reference: str, other: str) -> int:
    """The fewest words to replace, insert and delete to make one text of the other."""
    return Levenshtein.distance(reference.split(), other.split())


def words_by_segment(texts: Sequence[str]) -> list[list[str]]:
    """The words of a transcript whose segments have these texts, by segment.

    A word may run on into the next segment: it belongs to the one that it begins in.
    """
    ends = list(itertools.accumulate(len(text) for text in texts)) or [0]
    lines: list[list[str]] = [[] for _ in ends]
    for word in re.finditer(r"\S+", "".join(texts)):
        lines[bisect.bisect_right(ends, word.start())].append(word[0])
    return lines


def aligned(reference: Sequence[str], other: Sequence[str]) -> list[list[Word]]:
    """The words of ``other`` that stand where each word of ``reference`` does.

    What was inserted stands with the word before it, or with the first one.
    """
    places: list[list[Word]] = [[] for _ in reference] or [[]]
    for edit in Levenshtein.opcodes(reference, other):
        differs = edit.tag != "equal"
        if edit.tag == "insert":
            words = [Word(text, True) for text in other[edit.dest_start : edit.dest_end]]
            places[max(edit.src_start - 1, 0)] += words
            continue
        for offset in range(edit.src_end - edit.src_start):
            there = edit.dest_start + offset
            text = other[there] if there < edit.dest_end else ""
            places[edit.src_start + offset].append(Word(text, differs))
    return places
