"""Makes the clips of audio_samples/ and what is said in them: python -m scripts.make_audio

Needs the program espeak-ng for the speech. Every sentence is one that training must not
see.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np

from scripts.micro_grammar import sentences
from scripts.micro_speech import UNSEEN_VOICE, Reading, read_aloud

RATE = 16_000
FOLDER = Path(__file__).resolve().parent.parent / "audio_samples"
SEED = 36
PAUSE_SECONDS = 0.6


@dataclass(frozen=True)
class Recording:
    name: str
    voices: tuple[str, ...]
    """They take turns."""
    count: int
    """Of sentences."""
    words_a_minute: int = 150
    noise: float = 0.0
    """The standard deviation of white noise, of full scale."""
    seed: int | None = None
    """Of sentences of its own; the others share theirs out."""


RECORDINGS = [
    Recording("speech.flac", ("en-us",), 3),
    Recording("command.flac", ("en-gb+f1",), 1),
    Recording("quick.flac", ("en-gb-scotland",), 2, words_a_minute=185),
    Recording("unseen.flac", (UNSEEN_VOICE,), 3),
    Recording("story.flac", ("en-gb-x-rp",), 14, seed=1),
    Recording("dialogue.flac", ("en-us+m3", "en-gb+f3"), 18, noise=0.0005),
]


def write(name: str, samples: np.ndarray, codec: str) -> None:
    """Writes float samples in [-1, 1] as 16-bit mono."""
    pcm = np.round(np.clip(samples, -1, 1) * 32767).astype(np.int16)[None]
    with av.open(str(FOLDER / name), "w") as container:
        stream = container.add_stream(codec, rate=RATE)
        assert isinstance(stream, av.AudioStream)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(pcm, format="s16", layout="mono")
        frame.sample_rate = RATE
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)


def record(recording: Recording, texts: list[str]) -> np.ndarray:
    """Sentences with a pause before, between and after them."""
    pause = np.zeros(int(PAUSE_SECONDS * RATE))
    pieces = [pause]
    for number, text in enumerate(texts):
        voice = recording.voices[number % len(recording.voices)]
        reading = Reading(text, voice, recording.words_a_minute, pitch=50)
        pieces += [read_aloud(reading) / 32768, pause]
    samples = np.concatenate(pieces)
    noise = np.random.default_rng(SEED).normal(0, 1, len(samples))
    return samples + recording.noise * noise


def sweep(seconds: float = 5.0, low: float = 50.0, high: float = 7500.0) -> np.ndarray:
    """A sine whose frequency rises exponentially: every mel band sounds in turn."""
    t = np.arange(int(seconds * RATE)) / RATE
    rate = np.log(high / low) / seconds
    return 0.5 * np.sin(2 * np.pi * low * np.expm1(rate * t) / rate)


def main() -> None:
    unused = iter(sentences(sum(each.count for each in RECORDINGS), SEED, test=True))
    said = {"silence.wav": ""}
    for recording in RECORDINGS:
        texts = [next(unused) for _ in range(recording.count)]
        if recording.seed is not None:
            texts = sentences(recording.count, recording.seed, test=True)
        write(recording.name, record(recording, texts), "flac")
        said[recording.name] = " ".join(texts)
    write("silence.wav", np.zeros(3 * RATE), "pcm_s16le")
    write("sweep.wav", sweep(), "pcm_s16le")
    (FOLDER / "transcripts.json").write_text(json.dumps(said, indent=1) + "\n")


if __name__ == "__main__":
    main()
