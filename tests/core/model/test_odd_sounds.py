"""Sound in every format, whole, cut and broken: all of it is tried by make torture."""

from pathlib import Path

import numpy as np
import pytest

from core.model.audio import load_audio
from debug.protocol.diagnostic import Problem
from scripts.torture.attempts import Case, attempt, wrong_with
from scripts.torture.sounds import cases, opens, sound

DATA = Path(__file__).resolve().parents[2] / "data"
RATE = 16_000
SOME = cases()[::11]


@pytest.mark.parametrize(
    "case", [pytest.param(c, id=f"{c.kind}: {c.name!r}") for c in SOME]
)
def test_what_can_be_decoded_is_and_what_is_lost_is_said(case: Case):
    assert wrong_with(case, attempt(case, opens)) is None


def test_a_file_that_is_cut_short_is_heard_as_far_as_it_goes():
    heard = load_audio(DATA / "trunc.flac")
    assert heard.notes == ["trunc.flac is damaged: 1.60 of 4.0 s are lost"]
    assert len(heard.samples) / RATE == pytest.approx(2.4, abs=0.01)


def test_a_piece_that_is_lost_in_the_middle_is_silence_and_what_follows_keeps_its_time(
    tmp_path,
):
    data = bytearray(sound("m4a"))
    third = len(data) // 3
    data[third : third + 4000] = bytes(4000)
    (tmp_path / "a.m4a").write_bytes(data)
    heard = load_audio(tmp_path / "a.m4a")
    assert len(heard.samples) / RATE == pytest.approx(4.0, abs=0.1)
    assert "s are lost, the first at" in heard.notes[0]


def test_samples_that_are_no_numbers_are_silence_and_the_rest_is_heard():
    heard = load_audio(DATA / "nan.wav")
    (note,) = heard.notes
    assert "holds 1 sample that is NaN, Inf or far too large, the first at 0.06 s" in note
    assert np.isfinite(heard.samples).all()
    assert heard.samples.std() > 0.01


def test_the_first_track_that_is_not_silent_is_heard_and_another_if_asked_for(tmp_path):
    path = tmp_path / "two.mkv"
    path.write_bytes(sound("mkv", tracks=2, channels="first track silent"))
    heard = load_audio(path)
    assert heard.notes == [
        "two.mkv has 2 tracks: 2, the first that is not silent, is used; see --track"
    ]
    silent = load_audio(path, track=1)
    assert silent.inaudible
    assert silent.samples.max() == 0
    assert np.array_equal(load_audio(path, track=2).samples, heard.samples)
    with pytest.raises(Problem, match="has 2 audio tracks; --track 3 is none of them"):
        load_audio(path, track=3)


def test_what_is_longer_than_asked_for_is_cut_and_that_is_said(tmp_path):
    (tmp_path / "a.mp3").write_bytes(sound("mp3"))
    heard = load_audio(tmp_path / "a.mp3", max_seconds=1.5)
    assert len(heard.samples) == 1.5 * RATE
    assert heard.notes == ["only the first 1.5 s of a.mp3 are used; see --max-seconds"]


def test_channels_that_cancel_are_told_from_a_wide_stereo(tmp_path):
    for channels, inaudible in {"antiphase": True, "one side": False}.items():
        (tmp_path / "a.mp3").write_bytes(sound("mp3", channels=channels))
        assert load_audio(tmp_path / "a.mp3").inaudible == inaudible
