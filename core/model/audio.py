"""Audio files to the input of Whisper's encoder: 16 kHz samples and their log-mel."""

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import av
import numpy as np
import torch
from av.audio.resampler import AudioResampler
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
REPORT_SECONDS = 60.0
"""Of audio: decoding is some hundred times faster than listening."""

SILENT = 1e-5
"""The largest sample of a clip in which nothing is to be heard: below 16 bits' smallest."""

ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:/")
"""How an address begins; `Path` makes one slash of two."""
PLAYLISTS = (b"#EXTM3U", b"ffconcat", b"[playlist]", b"<?xml", b"<MPD", b"v=0")
"""How files begin that only name others, which FFmpeg would open."""

Report = Callable[[float, float | None], None]
"""Is told how many seconds of audio are decoded, and of how many if the file tells."""


def load_audio(path: Path, report: Report = lambda done, total: None) -> np.ndarray:
    """Decodes a file of any format that FFmpeg's libraries know.

    Args:
        path: the file.
        report: is told of every minute of audio.

    Returns:
        float32 samples in [-1, 1], shape (n,), mono at 16 kHz.

    Raises:
        Problem: the file can't be read, holds no audio, or breaks off.
    """
    _refuse_others(path)
    try:
        pieces = _decode(path, report)
    except (FFmpegError, OSError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        message = (
            f"can't decode {path.name}: {reason}; play the file to see whether it is whole"
        )
        raise Problem("audio", message) from error
    if not pieces:
        raise Problem(
            "audio", f"{path.name} holds no sound; give a file with an audio track"
        )
    samples = np.concatenate(pieces)
    if count := int(np.count_nonzero(~np.isfinite(samples))):
        message = f"{path.name} holds {count} samples that are NaN or Inf"
        raise Problem("audio", f"{message}; write it again without them")
    return samples


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
            message = f"{path.name} is a playlist; give one of the files that it names"
            raise Problem("audio", message)


def why_silent(path: Path, samples: torch.Tensor) -> str | None:
    """Why a window of a clip is silence, in one line; None if it is not."""
    if samples.abs().max().item() > SILENT:
        return None
    with av.open(str(path)) as container:
        frames = (frame.to_ndarray() for frame in container.decode(audio=0))
        loudest = max((_peak(each) for each in frames if each.size), default=0.0)
    if loudest <= SILENT:
        return f"{path.name} is silent: nothing but rounding is compared; give it speech"
    return (
        f"{path.name} is silent here, or its channels cancel each other when they are "
        "mixed; give another --start, or one channel"
    )


def _peak(samples: np.ndarray) -> float:
    """The largest sample of any channel, where full scale is 1."""
    scale = np.iinfo(samples.dtype).max if samples.dtype.kind == "i" else 1
    return float(np.abs(samples.astype(np.float64)).max() / scale)


def _decode(path: Path, report: Report) -> list[np.ndarray]:
    pieces: list[np.ndarray] = []
    with av.open(str(path)) as container:
        if not container.streams.audio:
            return pieces
        total = container.duration / av.time_base if container.duration else None
        reported = 0.0
        resampler, before = _resampler(), None
        for frame in container.decode(audio=0):
            kind = frame.format.name, frame.layout.name, frame.sample_rate
            if before not in (None, kind):  # such as recordings that were put together
                pieces += [part.to_ndarray()[0] for part in resampler.resample(None)]
                resampler = _resampler()
            before = kind
            pieces += [part.to_ndarray()[0] for part in resampler.resample(frame)]
            if frame.time is not None and frame.time > reported + REPORT_SECONDS:
                reported = frame.time
                report(reported, total)
        pieces += [part.to_ndarray()[0] for part in resampler.resample(None)]
    return [piece for piece in pieces if piece.size]


def _resampler() -> AudioResampler:
    """For frames of one kind."""
    return AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE)


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
