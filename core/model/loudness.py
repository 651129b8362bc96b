"""How loud a sound is before its channels are mixed, and what to say of an empty mix.

Two channels with opposite signs are a normal sound to two loudspeakers and silence to
Whisper, which hears their mean. A codec that loses a little leaves a residue of it, mostly
above the 8 kHz up to which Whisper hears, so both are compared below that.
"""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from av import AudioFrame
from av.audio.resampler import AudioResampler
from av.error import FFmpegError
from whisper.audio import SAMPLE_RATE

SILENT = 1e-5
"""The largest sample of a clip in which nothing is to be heard: below 16 bits' smallest."""
LARGEST = 1e6
"""Samples beyond it, where full scale is 1, are bytes that were never sound."""
SUSPECT = 0.05
"""The share of its channels' energy below which a mix is looked into."""
CANCELLED = 1e-3
"""The share below which it is no mix: two unlike channels keep a half, one alone, too."""


@dataclass
class Loudness:
    """Of all channels of a track, where full scale is 1."""

    largest: float = 0.0
    energy: float = 0.0
    """Of the channels, on average: the integral of the square over time."""

    def add(self, frame: AudioFrame) -> None:
        """Takes a frame into account, of any format."""
        wide = _in_full_scale(frame)
        self.largest = max(self.largest, float(np.abs(wide).max()))
        square = float(np.dot(wide, wide)) / wide.size
        self.energy += square * frame.samples / frame.sample_rate

    def remark(self, path: Path, name: str, number: int, samples: np.ndarray) -> str | None:
        """What to say of a sound in which there is nothing to hear; None if there is.

        Args:
            path: the file.
            name: what to call it.
            number: of the track, from 1.
            samples: the mix at 16 kHz.
        """
        if self.largest <= SILENT:
            return f"{name} is silent: there is nothing in it to hear or to compare"
        mixed = _energy(samples)
        if mixed >= SUSPECT * self.energy:
            return None
        if mixed < CANCELLED * _energy_below_8_khz(path, number):
            cancel = "its channels cancel each other when they are mixed"
            return f"{name}: {cancel}; give one of them"
        if float(np.abs(samples).max()) <= SILENT:
            return f"{name} has nothing below 8 kHz, which is all that Whisper hears"
        return None


def _in_full_scale(frame: AudioFrame) -> np.ndarray:
    """All samples of all channels in float64; what is none is 0."""
    values = frame.to_ndarray().ravel()
    with np.errstate(invalid="ignore"):  # NaN of some kinds
        wide = values.astype(np.float64)
    if values.dtype.kind in "iu":
        limits = np.iinfo(values.dtype.name)
        middle = (limits.max + 1) / 2 if limits.min == 0 else 0.0
        wide = (wide - middle) / (limits.max - middle)
    return np.where(np.abs(wide) <= LARGEST, wide, 0.0)


def _energy(samples: np.ndarray) -> float:
    wide = samples.astype(np.float64).ravel()
    return float(np.dot(wide, wide)) / SAMPLE_RATE


def _energy_below_8_khz(path: Path, number: int) -> float:
    """Of the channels of a track, on average."""
    energy, resampler, before = 0.0, None, None
    with av.open(str(path), metadata_errors="replace") as container, suppress(FFmpegError):
        for packet in container.demux(container.streams.audio[number - 1]):
            frames = []
            with suppress(FFmpegError):  # what is lost was said
                frames = [each for each in packet.decode() if isinstance(each, AudioFrame)]
            for frame in frames:
                kind = frame.format.name, frame.layout.name, frame.sample_rate
                if resampler is None or kind != before:
                    resampler, before = AudioResampler("fltp", None, SAMPLE_RATE), kind
                for part in resampler.resample(frame):
                    values = _in_full_scale(part)
                    energy += _energy(values) / part.layout.nb_channels
    return energy
