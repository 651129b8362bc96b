"""What the card of micro says is so."""

import json
import re
import shutil
from pathlib import Path

import pytest
from rapidfuzz.distance import Levenshtein
from sessions import run_all

from core.model.audio import BUNDLED_CLIP
from core.model.checkpoint import MICRO
from core.model.port import GRAPH
from debug.engine.background import Generation
from debug.engine.jobs import CompareOutcome
from debug.engine.session import Session
from debug.pause import go_on
from debug.protocol.messages import Message, Open, Opened, OutcomeKnown
from scripts.micro_card import BUGS, write_bug
from tui.settings import SUBJECT

pytestmark = pytest.mark.max
CARD = MICRO.with_name("README.md").read_text()
SPOKEN = json.loads(BUNDLED_CLIP.with_name("transcripts.json").read_text())
WORDS = SPOKEN[BUNDLED_CLIP.name].split()


class Listener:
    """Runs one encoder after another, and asks for nothing but what is heard. Why it is
    nonsense takes a search of the whole window."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.events = folder, list[Message]()
        graph = str(shutil.copy(GRAPH, folder / GRAPH.name))
        opening = Open({"graph": graph}, watch=False)
        self.session = Session.open(SUBJECT, opening, self.events.append)

    def heard(self, name: str) -> str:
        """What MAX's features say with a bug."""
        write_bug(name, self.folder)
        self.session.load()
        run_all(self.session)
        of, emit = self.session, self.events.append
        outcome = CompareOutcome(of.subject, of._truths, go_on, emit)
        outcome.begin(Generation(of.generation, of._values))
        outcome.do_one()
        (known,) = [
            event.outcome
            for event in self.events
            if isinstance(event, OutcomeKnown) and event.generation == of.generation
        ]
        return known.candidate


@pytest.fixture(scope="module")
def listener(tmp_path_factory: pytest.TempPathFactory) -> Listener:
    return Listener(tmp_path_factory.mktemp("card"))


def test_the_activations_by_layer_are_those_of_the_model(listener: Listener):
    rows = re.findall(r"^\| `([\w.]+)` \| (-?[\d.].*) \|$", CARD, re.MULTILINE)
    described = {name: [float(n) for n in numbers.split(" | ")] for name, numbers in rows}
    (opened,) = [event for event in listener.events if isinstance(event, Opened)]
    layers = {layer.name: layer.reference for layer in opened.layers if not layer.is_input}
    assert list(described) == list(layers)
    for name, of in layers.items():
        stats = [of.mean, of.std, of.min, of.max]
        assert described[name] == pytest.approx(stats, rel=0.01, abs=1e-3)


def wrong_words(heard: str) -> int:
    return Levenshtein.distance(heard.split(), WORDS)


@pytest.mark.parametrize("name", BUGS)
def test_a_bug_in_the_encoder_breaks_the_words_as_the_card_shows(name, listener: Listener):
    (shown,) = re.findall(rf"^\| {name} \| (.*) \|$", CARD, re.MULTILINE)
    # What is heard of nonsense may differ by machine; that it is nonsense may not.
    for text in listener.heard(name), shown:
        assert wrong_words(text) > len(WORDS) / 3


def test_the_card_shows_that_the_encoder_as_it_is_hears_every_word():
    (shown,) = re.findall(r"^\| as it is \| (.*) \|$", CARD, re.MULTILINE)
    assert wrong_words(shown) == 0
