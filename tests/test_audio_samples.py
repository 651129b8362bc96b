"""The bundled clips are what their README says they are."""

import json
import re

import pytest
from shell import ROOT

from core.model.audio import load_audio
from scripts.make_audio import RECORDINGS
from scripts.micro_grammar import for_test
from scripts.micro_speech import UNSEEN_VOICE

FOLDER = ROOT / "audio_samples"
README = (FOLDER / "README.md").read_text()
SAID: dict[str, str] = json.loads((FOLDER / "transcripts.json").read_text())
ROWS = dict(re.findall(r"^\| `([\w.]+)` \| ([\d.]+) \|", README, re.MULTILINE))


def test_every_clip_is_described():
    clips = {file.name for file in FOLDER.iterdir() if file.suffix in (".flac", ".wav")}
    assert set(ROWS) == clips
    assert set(SAID) == clips - {"sweep.wav"}


@pytest.mark.parametrize("name", sorted(ROWS))
def test_a_clip_is_as_long_as_its_row_says(name: str):
    assert len(load_audio(FOLDER / name).samples) / 16_000 == pytest.approx(
        float(ROWS[name]), abs=0.05
    )


def test_there_are_long_clips_and_one_of_the_unseen_voice():
    assert len(SAID) > 6
    assert sum(float(seconds) > 30 for seconds in ROWS.values()) >= 2
    unseen = [each for each in RECORDINGS if UNSEEN_VOICE in each.voices]
    assert [each.name for each in unseen] == ["unseen.flac"]


@pytest.mark.parametrize("name", sorted(set(SAID) - {"silence.wav"}))
def test_no_sentence_of_a_clip_was_trained_on(name: str):
    sentences = re.findall(r"[^.?]+[.?]", SAID[name])
    assert sentences
    assert all(for_test(sentence.strip()) for sentence in sentences)
