"""Sounds that nobody sends on purpose, on which the debugger must stay quiet.

A healthy encoder on silence, on one impulse or on samples thirty times too loud rounds in
other places than on speech; none of that is a mistake.
"""

import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE = 16_000
SECONDS = 30

Samples = NDArray[np.float64]

TIME = np.arange(RATE * SECONDS) / RATE
"""In seconds, of a whole window."""


def _noise() -> Samples:
    return np.random.default_rng(0).standard_normal(len(TIME))


def _impulses(*at: int) -> Samples:
    samples = np.zeros_like(TIME)
    samples[list(at)] = 1.0
    return samples


SOUNDS: dict[str, Callable[[], Samples]] = {
    "silence": lambda: 0 * TIME,
    "one impulse": lambda: _impulses(RATE),
    "an impulse every 10 ms": lambda: _impulses(*range(0, len(TIME), RATE // 100)),
    "a constant": lambda: 0.5 + 0 * TIME,
    "a full-scale square wave": lambda: np.sign(np.sin(2 * np.pi * 440 * TIME) + 1e-9),
    "a sawtooth": lambda: 2 * (100 * TIME % 1) - 1,
    "white noise": lambda: 0.1 * _noise(),
    "noise at the limit of hearing": lambda: 1e-6 * _noise(),
    "noise below float32's normal numbers": lambda: 1e-40 * _noise(),
    "brown noise": lambda: np.cumsum(_noise()) / 1000,
    "samples up to 30": lambda: 30 * np.sin(2 * np.pi * 300 * TIME) * np.sin(TIME),
    "clipped noise": lambda: np.clip(10 * _noise(), -1, 1),
    "ten samples": lambda: 0.1 * _noise()[:10],
    "one sample": lambda: np.ones(1),
    "a tone of 20 Hz": lambda: 0.5 * np.sin(2 * np.pi * 20 * TIME),
    "a tone just below half the rate": lambda: 0.5 * np.sin(2 * np.pi * 7990 * TIME),
    "signs that alternate": lambda: np.cos(np.pi * RATE * TIME),
    "a tone that begins in the middle": lambda: np.sin(2000 * TIME) * (TIME > SECONDS / 2),
    "noise in the last frame only": lambda: _noise() * (TIME > SECONDS - 0.01),
    "noise on a constant": lambda: 0.9 + 1e-4 * _noise(),
}


def write(path: Path, samples: Samples) -> Path:
    """Writes a WAV file of float32 samples, mono, 16,000 a second."""
    data = samples.astype("<f4").tobytes()
    float_samples = 3  # WAVE_FORMAT_IEEE_FLOAT
    kind = struct.pack("<HHIIHH", float_samples, 1, RATE, 4 * RATE, 4, 32)
    head = b"WAVEfmt " + struct.pack("<I", len(kind)) + kind
    head += b"data" + struct.pack("<I", len(data))
    path.write_bytes(b"RIFF" + struct.pack("<I", len(head) + len(data)) + head + data)
    return path
