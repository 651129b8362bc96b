"""openai's transcribe around a Whisper that is small enough to draw by hand."""

import importlib

import numpy as np
import pytest
import torch
from whisper.model import ModelDimensions, Whisper

from core.backends.backend import Backend
from core.backends.stopwatch import Stopwatch
from core.backends.transcription import Transcriber, reporting, transcribe_options
from core.machine import DeviceMemory
from core.messages import Decoding, Ready, Transcript
from core.model.checkpoint import load_checkpoint
from core.model.random_weights import random_state
from core.model.sound import Sound
from debug.protocol.diagnostic import Problem

ENGLISH, MULTILINGUAL = 51864, 51865


def small(n_vocab: int = ENGLISH) -> Whisper:
    # Its texts are short: 32 tokens a window, which is half of what it can look back on.
    dims = ModelDimensions(80, 1500, 64, 1, 1, n_vocab, 64, 64, 1, 1)
    model = Whisper(dims)
    model.load_state_dict(random_state(dims))
    return model.eval()


def transcribe(decoding: Decoding, seconds: float = 2.0) -> tuple[Transcript, list]:
    ready = Ready("cpu", "small", "cpu", "float32", 0.0)
    transcriber = Transcriber(Backend(small(), False, ready), decoding, DeviceMemory())
    reports: list[tuple[float, float]] = []
    noise = np.random.default_rng(0).normal(0, 0.1, int(seconds * 16_000))
    sound = Sound("noise", noise.astype(np.float32), ["it is noise"])
    transcript = transcriber.transcribe(sound, lambda *r: reports.append(r))
    assert transcript.warnings == sound.notes
    return transcript, reports


def test_times_of_the_parts_fit_into_the_total():
    transcript, _ = transcribe(Decoding(temperature=0.0))
    seconds = transcript.seconds
    assert seconds.encode > 0
    assert seconds.decode > 0
    assert seconds.encode + seconds.decode <= seconds.total
    assert transcript.audio_seconds == 2.0
    assert transcript.memory.process > 50e6
    assert transcript.real_time_factor == pytest.approx(seconds.total / 2.0)


def test_progress_is_reported_in_seconds_of_audio_to_the_end():
    _, reports = transcribe(Decoding(temperature=0.0), seconds=35.0)
    assert reports[0] == (0.0, 35.0)
    assert reports[-1] == (35.0, 35.0)
    assert len(reports) > 2


def test_what_is_drawn_at_a_temperature_is_drawn_alike_every_time():
    texts = {transcribe(Decoding(temperature=1.0))[0].text for _ in range(2)}
    assert len(texts) == 1


def test_an_encoder_that_gives_nan_is_a_problem_that_says_where_to_look():
    model = small()
    model.encoder.ln_post.weight.data.fill_(float("nan"))
    ready = Ready("cpu", "small", "cpu", "float32", 0.0)
    backend = Backend(model, False, ready)
    transcriber = Transcriber(backend, Decoding(temperature=1.0), DeviceMemory())
    with pytest.raises(Problem, match="maxwhisper check says from which layer"):
        transcriber.transcribe(Sound("x", np.zeros(16_000, np.float32)), lambda *_: None)


def test_openais_own_progress_bar_is_put_back():
    module = importlib.import_module("whisper.transcribe")
    before = vars(module)["tqdm"]
    with reporting(lambda done, total: None):
        assert vars(module)["tqdm"] is not before
    assert vars(module)["tqdm"] is before


def test_openais_transcribe_still_has_the_bar_that_progress_is_read_from():
    assert hasattr(importlib.import_module("whisper.transcribe"), "tqdm")


@pytest.mark.parametrize(
    ("decoding", "n_vocab", "says"),
    [
        (Decoding(language="klingon"), MULTILINGUAL, "unknown language 'klingon'"),
        (Decoding(language="de"), ENGLISH, "knows English only"),
        (Decoding(task="translate"), ENGLISH, "knows English only"),
        (Decoding(task="sing"), MULTILINGUAL, "transcribe or translate"),
    ],
)
def test_what_the_model_cant_do_is_a_problem(decoding, n_vocab, says):
    with pytest.raises(Problem, match=says):
        transcribe_options(small(n_vocab), decoding)


@pytest.mark.parametrize("given", ["de", "DE", "German", "german"])
def test_a_language_is_a_code_or_a_name(given: str):
    assert transcribe_options(small(MULTILINGUAL), Decoding(language=given)) == {
        "language": "de",
        "task": "transcribe",
        "word_timestamps": False,
    }


def test_a_stopwatch_sums_the_calls_of_its_module():
    module = torch.nn.Linear(2, 2)
    watch = Stopwatch(module)
    module(torch.zeros(2))
    once = watch.seconds
    module(torch.zeros(2))
    assert watch.seconds > once > 0
    watch.reset()
    assert watch.seconds == 0


def test_random_weights_are_those_of_the_whole_model():
    assert any(name.startswith("decoder.") for name in load_checkpoint("micro").state)
