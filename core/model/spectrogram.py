"""Whisper's front end, samples to log-mel, step by step, and how it goes wrong.

openai's ``whisper.audio.log_mel_spectrogram`` is: frames of 400 samples every 160, padded
by reflection, under a periodic Hann window; their power spectrum; 80 or 128 bands of
Slaney's scale, each of area one; the logarithm to base 10, at least -10 and no more than 8
below the largest; a shift and a scale. People who write it anew take another convention in
one of these steps: librosa's, torchaudio's or Kaldi's.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from whisper.audio import HOP_LENGTH, N_FFT, SAMPLE_RATE

Scale = Callable[[Tensor], Tensor]
Choices = Mapping[str, Any]
"""What is other than openai's in a front end, by the name of the choice."""


def _hann(size: int) -> Tensor:
    return torch.hann_window(size, dtype=torch.float64)


@dataclass(frozen=True)
class FrontEnd:
    """openai's choices, each of which may be another."""

    window: Callable[[int], Tensor] = _hann
    n_fft: int = N_FFT
    """The size of the transform; frames have 400 samples, in its middle."""
    padding: str | None = "reflect"
    """Half a frame on either side; None for none."""
    power: float = 2.0
    is_htk: bool = False
    """Whether the bands are of HTK's scale, not of Slaney's."""
    is_normalised: bool = True
    """Whether each band has an area of one."""
    highest: float = SAMPLE_RATE / 2
    """The upper end of the last band, in Hz."""
    logarithm: Scale = torch.log10
    least: float = 1e-10
    """Power is at least that before the logarithm."""
    is_added: bool = False
    """Whether that is added, not taken as the least."""
    span: float = 8.0
    """How far below the largest anything may be."""
    largest: tuple[int, ...] = (0, 1)
    """The axes over which the largest is taken: of bands and frames."""
    samples: Scale = lambda samples: samples
    """What is done to the samples first."""

    def log_mel(self, samples: Tensor, n_mels: int) -> Tensor:
        """(n,) samples to (1, n_mels, n / 160), in float64."""
        spectrum = torch.stft(
            self.samples(samples.double()),
            self.n_fft,
            HOP_LENGTH,
            N_FFT,
            self.window(N_FFT),
            center=self.padding is not None,
            pad_mode=self.padding or "constant",
            return_complex=True,
        )
        frames = len(samples) // HOP_LENGTH
        magnitudes = spectrum[..., :frames].abs() ** self.power
        magnitudes = F.pad(magnitudes, (0, frames - magnitudes.shape[-1]))
        mel = self.bands(n_mels) @ magnitudes
        mel = mel + self.least if self.is_added else mel.clamp(min=self.least)
        logarithm = self.logarithm(mel)
        largest = logarithm.amax(self.largest, keepdim=True)
        return ((logarithm.maximum(largest - self.span) + 4.0) / 4.0)[None]

    def bands(self, n_mels: int) -> Tensor:
        """(n_mels, n_fft / 2 + 1): triangles between neighbours on the mel scale.

        Source: ``librosa.filters.mel``, from which openai's table comes.
        """
        to_mel, to_hertz = (_htk, _from_htk) if self.is_htk else (_slaney, _from_slaney)
        ends = torch.linspace(0.0, to_mel(self.highest), n_mels + 2, dtype=torch.float64)
        hertz = torch.tensor([to_hertz(mel) for mel in ends.tolist()], dtype=torch.float64)
        bins = torch.linspace(0, SAMPLE_RATE / 2, self.n_fft // 2 + 1, dtype=torch.float64)
        slopes = hertz[:, None] - bins[None, :]
        widths = hertz.diff()
        rising, falling = -slopes[:-2] / widths[:-1, None], slopes[2:] / widths[1:, None]
        bands = rising.minimum(falling).clamp(min=0.0)
        if self.is_normalised:
            bands = bands * (2.0 / (hertz[2:] - hertz[:-2]))[:, None]
        return bands


def _slaney(hertz: float) -> float:
    """Linear up to 1,000 Hz, logarithmic above."""
    if hertz < 1000.0:
        return hertz * 3.0 / 200.0
    return 15.0 + math.log(hertz / 1000.0) / (math.log(6.4) / 27.0)


def _from_slaney(mel: float) -> float:
    if mel < 15.0:
        return mel * 200.0 / 3.0
    return 1000.0 * math.exp((mel - 15.0) * math.log(6.4) / 27.0)


def _htk(hertz: float) -> float:
    return 2595.0 * math.log10(1.0 + hertz / 700.0)


def _from_htk(mel: float) -> float:
    return 700.0 * (10.0 ** (mel / 2595.0) - 1.0)


WINDOWS = {
    "a Hamming window": torch.hamming_window,
    "a Blackman window": torch.blackman_window,
    "no window": torch.ones,
}


def wrong_choices() -> Iterator[tuple[str, Choices]]:
    """What people do instead, each in words that say what openai does."""
    for name, function in WINDOWS.items():
        window = lambda size, f=function: f(size, dtype=torch.float64)  # noqa: E731
        yield f"{name} instead of Hann's", {"window": window}
    symmetric = lambda n: torch.hann_window(n, periodic=False, dtype=torch.float64)  # noqa: E731
    text = "a symmetric Hann window instead of a periodic one"
    yield text, {"window": symmetric}
    for size in (512, 1024):
        yield f"a transform of {size} instead of 400", {"n_fft": size}
    yield "padded with zeros instead of by reflection", {"padding": "constant"}
    yield (
        "padded by repeating instead of by reflection",
        {"padding": "replicate"},
    )
    yield "not padded: frames begin at the first sample", {"padding": None}
    yield "magnitudes instead of power", {"power": 1.0}
    yield "HTK's mel scale instead of Slaney's", {"is_htk": True}
    yield "bands that do not have an area of one", {"is_normalised": False}
    text = "torchaudio's bands: HTK's scale, without an area of one"
    yield text, {"is_htk": True, "is_normalised": False}
    for hertz in (7600.0, 6000.0, 4000.0):
        yield f"bands up to {hertz:g} Hz instead of 8000", {"highest": hertz}
    yield from _wrong_logarithms()
    yield from _wrong_samples()


def _wrong_logarithms() -> Iterator[tuple[str, Choices]]:
    yield "the natural logarithm instead of base 10", {"logarithm": torch.log}
    yield "the logarithm to base 2 instead of 10", {"logarithm": torch.log2}
    text = "the natural logarithm of 1 + x instead of base 10 of x"
    yield text, {"logarithm": torch.log1p}
    text = "the floor, 8 below the largest, is left out"
    yield text, {"span": math.inf}
    for span in (6.0, 10.0, 80.0):
        text = f"the floor is {span:g} below the largest, PyTorch's 8"
        yield text, {"span": span}
    text = "the largest is taken of each frame instead of all"
    yield text, {"largest": (0,)}
    text = "the largest is taken of each band instead of all"
    yield text, {"largest": (1,)}
    for least in (1e-5, 1e-6, 1e-8, 1e-12):
        text = f"power is at least {least:g} instead of 1e-10"
        yield text, {"least": least}
    for least in (1e-6, 1e-8, 1e-10):
        text = f"{least:g} is added to the power, which should be 1e-10 at least"
        yield text, {"least": least, "is_added": True}


def _wrong_samples() -> Iterator[tuple[str, Choices]]:
    text = "samples of 16 bits: up to 32,768 instead of 1"
    yield text, {"samples": lambda x: x * 32768.0}
    yield "the samples' mean is subtracted", {"samples": lambda x: x - x.mean()}
    text = "the samples are scaled to a largest of 1"
    yield text, {"samples": lambda x: x / x.abs().max().clamp(min=1e-12)}
    for factor in (0.97, 0.95):
        text = f"the samples are pre-emphasised by {factor:g}"
        yield text, {"samples": lambda x, f=factor: _emphasised(x, f)}


def _emphasised(x: Tensor, factor: float) -> Tensor:
    return torch.cat([x[:1], x[1:] - factor * x[:-1]])


def wrong_front_ends(with_too: str = "") -> Iterator[tuple[str, FrontEnd]]:
    """Front ends with one wrong choice, or with another one beside a given one.

    Args:
        with_too: the words of the one that each has besides.
    """
    choices = dict(wrong_choices())
    first = choices.get(with_too, {})
    for text, choice in choices.items():
        if first.keys() & choice.keys():
            continue
        told = f"{with_too}; and {text}" if first else text
        yield told, FrontEnd(**first, **choice)
