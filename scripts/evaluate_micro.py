"""Word error rates of micro on sentences that it was not trained on:
python -m scripts.evaluate_micro

Needs the program espeak-ng, which reads the test sentences aloud from fixed seeds. They are
transcribed as `maxwhisper transcribe` does it, by openai's own code.
"""

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from rapidfuzz.distance import Levenshtein
from rich.console import Console
from rich.progress import track
from whisper.audio import SAMPLE_RATE
from whisper.normalizers import BasicTextNormalizer

from core.backends.backend import open_backend
from core.backends.transcription import Transcriber
from core.machine import DeviceMemory
from core.messages import BACKENDS, BackendOptions, Decoding
from core.model.sound import Sound
from scripts.micro_speech import UNSEEN_VOICE, VOICES, Clip, clips

N_SENTENCES = 250
SENTENCES_A_FILE = 25
"""In the long ones: a minute or more."""
SHOWN_ERRORS = 5


@dataclass(frozen=True)
class Recording:
    samples: np.ndarray
    """float32 at 16 kHz."""
    text: str


def recording(speech: Sequence[Clip], random_: random.Random) -> Recording:
    """Sentences one after the other, in digital silence."""
    pieces = [_silence(0.5)]
    for clip in speech:
        sound = clip.samples.astype(np.float32) / 32768
        pieces += [sound, _silence(random_.uniform(0.3, 1.0))]
    return Recording(np.concatenate(pieces), " ".join(clip.text for clip in speech))


def quiet_recording(number: int) -> Recording:
    """Up to 40 s without a word: digital silence, or white noise at -80 to -30 dB."""
    random_ = random.Random(number)
    samples = _silence(random_.uniform(0.5, 40.0))
    if number % 4:
        loudness = 10 ** (random_.uniform(-80, -30) / 20)
        generator = np.random.default_rng(number)
        samples += generator.normal(0, loudness, len(samples)).astype(np.float32)
    return Recording(samples, "")


def _silence(seconds: float) -> np.ndarray:
    return np.zeros(int(seconds * SAMPLE_RATE), np.float32)


def evaluation_sets() -> dict[str, list[Recording]]:
    known = clips("test-known", N_SENTENCES, 2, VOICES, test=True)
    unseen = clips("test-unseen", N_SENTENCES, 3, [UNSEEN_VOICE], test=True)
    random_ = random.Random(4)
    starts = range(0, N_SENTENCES, SENTENCES_A_FILE)
    return {
        "known voices": [recording([clip], random_) for clip in known],
        "the unseen voice": [recording([clip], random_) for clip in unseen],
        "known voices in long files": [
            recording(known[start : start + SENTENCES_A_FILE], random_) for start in starts
        ],
        "no speech": [quiet_recording(number) for number in range(40)],
    }


def evaluate(
    transcriber: Transcriber, recordings: list[Recording], name: str, console: Console
) -> None:
    """Prints how many words are wrong, and the first few of them."""
    normalize, n_words, n_errors, shown = BasicTextNormalizer(), 0, 0, 0
    for each in track(recordings, f"{name} ...", console=console, transient=True):
        sound = Sound(name, each.samples)
        heard = transcriber.transcribe(sound, lambda done, total: None).text
        said, understood = normalize(each.text).split(), normalize(heard).split()
        errors = Levenshtein.distance(said, understood)
        n_words += len(said)
        n_errors += errors
        if errors and shown < SHOWN_ERRORS:
            shown += 1
            console.print(f"  said   {each.text}\n  heard  {heard}", style="dim")
    rate = f", word error rate {n_errors / n_words:.1%}" if n_words else ""
    seconds = sum(len(each.samples) for each in recordings) / SAMPLE_RATE
    counts = f"{n_errors} wrong of {n_words} words"
    console.print(f"{name}: {len(recordings)} files, {seconds:.0f} s, {counts}{rate}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backend", choices=BACKENDS, default="cpu")
    parser.add_argument("--model", default="micro")
    arguments = parser.parse_args()
    options = BackendOptions(name=arguments.backend, model=arguments.model)
    backend = open_backend(options, lambda what: None)
    transcriber = Transcriber(backend, Decoding(), DeviceMemory())
    console = Console()
    for name, recordings in evaluation_sets().items():
        evaluate(transcriber, recordings, name, console)


if __name__ == "__main__":
    main()
