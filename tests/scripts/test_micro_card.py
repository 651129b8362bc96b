"""What the card of micro says is so."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from in_process import maxwhisper as in_process
from rapidfuzz.distance import Levenshtein

from core.model.audio import BUNDLED_CLIP
from core.model.checkpoint import MICRO
from scripts.micro_card import BUGS, write_bug

pytestmark = pytest.mark.max
CARD = MICRO.with_name("README.md").read_text()
SPOKEN = json.loads(BUNDLED_CLIP.with_name("transcripts.json").read_text())
WORDS = SPOKEN[BUNDLED_CLIP.name].split()


def maxwhisper(*arguments: str) -> dict[str, Any]:
    return json.loads(in_process(*arguments, "--json").stdout)


def test_the_activations_by_layer_are_those_of_the_model():
    rows = re.findall(r"^\| `([\w.]+)` \| (-?[\d.].*) \|$", CARD, re.MULTILINE)
    described = {name: [float(n) for n in numbers.split(" | ")] for name, numbers in rows}
    layers = maxwhisper("check")["layers"]
    assert list(described) == [layer["name"] for layer in layers]
    for layer in layers:
        stats = [layer["reference"][key] for key in ("mean", "std", "min", "max")]
        assert described[layer["name"]] == pytest.approx(stats, rel=0.01, abs=1e-3)


def wrong_words(heard: str) -> int:
    return Levenshtein.distance(heard.split(), WORDS)


@pytest.mark.parametrize("name", BUGS)
def test_a_bug_in_the_encoder_breaks_the_words_as_the_card_shows(name, tmp_path: Path):
    report = maxwhisper("check", "--graph", str(write_bug(name, tmp_path)))
    heard = report["outcome"]["candidate"]
    (shown,) = re.findall(rf"^\| {name} \| (.*) \|$", CARD, re.MULTILINE)
    # What is heard of nonsense may differ by machine; that it is nonsense may not.
    for text in heard, shown:
        assert wrong_words(text) > len(WORDS) / 3


def test_the_card_shows_that_the_encoder_as_it_is_hears_every_word():
    (shown,) = re.findall(r"^\| as it is \| (.*) \|$", CARD, re.MULTILINE)
    assert wrong_words(shown) == 0
