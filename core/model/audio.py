"""Audio files to the input of Whisper's encoder: 16 kHz samples and their log-mel."""

import re
from contextlib import suppress
from pathlib import Path

import numpy as np
import torch
from av.error import FFmpegError
from whisper.audio import (
    CHUNK_LENGTH,
    HOP_LENGTH,
    N_FFT,
    N_SAMPLES,
    SAMPLE_RATE,
    log_mel_spectrogram,
    mel_filters,
    pad_or_trim,
)

from core.messages import MAX_SECONDS
from core.model.loudness import SILENT
from core.model.sound import Report, Sound, name_of, read_sound
from debug.protocol.diagnostic import Problem

__all__ = [
    "BUNDLED_CLIP",
    "WHOLE",
    "load_audio",
    "log_mel",
    "log_mel_float64",
    "positions",
    "why_silent",
    "window",
]

BUNDLED_CLIP = Path(__file__).resolve().parents[2] / "audio_samples" / "speech.flac"
WHOLE = float(CHUNK_LENGTH)
"""The seconds of Whisper's window."""
N_POSITIONS = 1500
"""What its encoder makes of a whole window."""
ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:/")
"""How an address begins; `Path` makes one slash of two."""
PLAYLISTS = (b"#EXTM3U", b"ffconcat", b"[playlist]", b"<?xml", b"<MPD", b"v=0")
"""How files begin that only name others, which FFmpeg would open."""


def load_audio(
    path: Path,
    track: int | None = None,
    max_seconds: float = MAX_SECONDS,
    report: Report = lambda done, total: None,
) -> Sound:
    """Decodes a file of any format that FFmpeg's libraries know, as far as it can be.

    Args:
        path: the file.
        track: which of several tracks, from 1; the first that is not silent, if None.
        max_seconds: what is longer is cut there.
        report: is told of every minute of audio.

    Raises:
        Problem: the file can't be read, or nothing in it is sound.
    """
    try:
        _refuse_others(path)
        return read_sound(path, track, max_seconds, report)
    except (FFmpegError, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        message = f"can't decode {name_of(path)}: {reason}"
        advice = "play the file to see whether it is whole"
        raise Problem("audio", f"{message}; {advice}") from error


def _refuse_others(path: Path) -> None:
    """
    Raises:
        Problem: it is no file of sound, but somewhere else, or would never end.
    """
    if ADDRESS.match(str(path)):
        message = f"{path} is an address; download it first, and give the file"
        raise Problem("audio", message)
    if not path.exists():
        raise Problem("audio", f"there is no file {path}; give the path of an audio file")
    if path.is_dir():
        raise Problem("audio", f"{path} is a folder; give the path of an audio file")
    if not path.is_file():
        message = f"{path} is a pipe or a device; write - in its place, and < {path}"
        raise Problem("audio", f"{message} behind the command")
    with suppress(OSError), path.open("rb") as file:  # decoding tells what is wrong
        if file.read(32).lstrip(b"\xef\xbb\xbf \r\n").startswith(PLAYLISTS):
            message = f"{name_of(path)} is a playlist; give one of the files that it names"
            raise Problem("audio", message)


def why_silent(name: str, samples: torch.Tensor) -> str | None:
    """That a window of a clip is silence where the clip is not; None if it has sound."""
    if samples.abs().max().item() > SILENT:
        return None
    return f"{name} is silent here: nothing but rounding is compared; give another --start"


def window(samples: np.ndarray, start: float, seconds: float = WHOLE) -> torch.Tensor:
    """The 30 s from ``start`` seconds on, padded with silence: float32, (480000,).

    Args:
        samples: the audio, 16,000 a second.
        start: where the window begins.
        seconds: how long it is, if it is a shorter one.

    Raises:
        Problem: the audio ends before ``start``, or the window has no such length.
    """
    if not 1 <= seconds <= WHOLE:
        message = f"--seconds {seconds:g} is no length of a window"
        raise Problem("audio", f"{message}; give 1 to {WHOLE:g}")
    first = round(start * SAMPLE_RATE)
    length = len(samples) / SAMPLE_RATE
    if start < 0 or first >= len(samples):
        message = f"--start {start:g} lies outside the clip of {length:.1f} s"
        raise Problem("audio", f"{message}; give a start from 0 to below {length:.1f}")
    count = positions(seconds) * N_SAMPLES // N_POSITIONS
    return torch.from_numpy(np.array(pad_or_trim(samples[first:], count)))


def positions(seconds: float) -> int:
    """How many positions the encoder makes of a window: 1500 of 30 s."""
    return round(seconds / WHOLE * N_POSITIONS)


def log_mel(samples: torch.Tensor, n_mels: int) -> torch.Tensor:
    """Whisper's own log-mel spectrogram: float32, (1, n_mels, 3000)."""
    return log_mel_spectrogram(samples, n_mels)[None]


def log_mel_float64(samples: torch.Tensor, n_mels: int) -> torch.Tensor:
    """The same mathematics in float64, the truth that rounding is measured against.

    Source: ``whisper.audio.log_mel_spectrogram``.
    """
    hann = torch.hann_window(N_FFT, dtype=torch.float64)
    stft = torch.stft(samples.double(), N_FFT, HOP_LENGTH, window=hann, return_complex=True)
    power = stft[..., :-1].abs() ** 2
    mel = mel_filters("cpu", n_mels).double() @ power
    logarithm = mel.clamp(min=1e-10).log10()
    logarithm = torch.maximum(logarithm, logarithm.max() - 8.0)
    return ((logarithm + 4.0) / 4.0)[None]
