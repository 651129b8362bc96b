"""Speech for micro: espeak-ng reads the grammar's sentences, in many voices.

Clips are drawn from fixed seeds and kept in a folder, for reading thousands takes minutes.
"""

import json
import os
import random
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from core.model.audio import load_audio
from scripts.micro_grammar import sentences

FOLDER = Path("build") / "micro"
ACCENTS = {
    "en-us": ["", "+m1", "+m3", "+m7", "+f1", "+f2", "+f5"],
    "en-gb": ["", "+m2", "+m6", "+f1", "+f3"],
    "en-gb-x-rp": ["", "+m4", "+f2"],
    "en-gb-scotland": ["", "+m1", "+f3"],
    "en-gb-x-gbcwmd": ["+m3"],
    "en-gb-x-gbclan": ["+f2"],
    "en-029": ["+m1", "+f5"],
}
VOICES = [accent + timbre for accent, timbres in ACCENTS.items() for timbre in timbres]
UNSEEN_VOICE = "en-us+f4"
"""Its timbre, f4, is in no voice that training hears."""


@dataclass(frozen=True)
class Reading:
    """A sentence and how it is read."""

    text: str
    voice: str
    words_a_minute: int
    pitch: int


@dataclass(frozen=True)
class Clip:
    text: str
    samples: np.ndarray
    """int16 at 16 kHz, without the silence around them."""


def readings(count: int, seed: int, voices: list[str], test: bool = False) -> list[Reading]:
    """Different sentences, each in a voice, speed and pitch of its own."""
    random_ = random.Random(seed)
    return [
        Reading(
            text, random_.choice(voices), random_.randint(130, 190), random_.randint(30, 70)
        )
        for text in sentences(count, seed, test)
    ]


def read_aloud(reading: Reading) -> np.ndarray:
    """int16 samples at 16 kHz. Needs the program espeak-ng."""
    with tempfile.TemporaryDirectory() as folder:
        wav = Path(folder) / "reading.wav"
        speed, pitch = str(reading.words_a_minute), str(reading.pitch)
        options = ["-v", reading.voice, "-s", speed, "-p", pitch, "-w", str(wav)]
        subprocess.run(["espeak-ng", *options, reading.text], check=True)
        return trimmed((load_audio(wav).samples * 32767).astype(np.int16))


def trimmed(samples: np.ndarray, threshold: int = 100) -> np.ndarray:
    """Without the silence at either end."""
    loud = np.flatnonzero(np.abs(samples) > threshold)
    return samples[loud[0] : loud[-1] + 1] if len(loud) else samples


def clips(
    name: str, count: int, seed: int, voices: list[str], test: bool = False
) -> list[Clip]:
    """Reads them, or loads them if they have been read."""
    chosen = readings(count, seed, voices, test)
    file = FOLDER / f"{name}.npz"
    described = json.dumps([asdict(reading) for reading in chosen])
    if file.exists():
        with np.load(file) as kept:
            if str(kept["readings"]) == described:
                pieces = np.split(kept["samples"], np.cumsum(kept["lengths"])[:-1])
                return _paired(chosen, pieces)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        pieces = list(pool.map(read_aloud, chosen))
    FOLDER.mkdir(parents=True, exist_ok=True)
    lengths = [len(piece) for piece in pieces]
    np.savez(file, samples=np.concatenate(pieces), lengths=lengths, readings=described)
    return _paired(chosen, pieces)


def _paired(chosen: list[Reading], pieces: list[np.ndarray]) -> list[Clip]:
    return [Clip(r.text, piece) for r, piece in zip(chosen, pieces, strict=True)]
