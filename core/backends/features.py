"""The features that encoders make of a clip, compared window by window."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from whisper.audio import N_FRAMES, N_SAMPLES, log_mel_spectrogram, pad_or_trim

from core.backends.backend import Backend
from core.messages import Features


@dataclass
class Sums:
    """What is kept of a stream of tensors beside another one, in float64."""

    count: int = 0
    total: float = 0.0
    squares: float = 0.0
    low: float = math.inf
    high: float = -math.inf
    error_squares: float = 0.0
    reference_squares: float = 0.0

    def add(self, value: Tensor, reference: Tensor) -> None:
        value, reference = value.double(), reference.double()
        low, high = (bound.item() for bound in torch.aminmax(value))
        self.count += value.numel()
        self.total += value.sum().item()
        self.squares += value.square().sum().item()
        self.low, self.high = min(self.low, low), max(self.high, high)
        self.error_squares += (value - reference).square().sum().item()
        self.reference_squares += reference.square().sum().item()

    def features(self, backend: str, windows: int, is_reference: bool) -> Features:
        mean = self.total / self.count
        norms = math.sqrt(self.squares * self.reference_squares)
        compared = not is_reference and norms > 0
        return Features(
            backend=backend,
            windows=windows,
            mean=mean,
            std=math.sqrt(max(self.squares / self.count - mean**2, 0.0)),
            min=self.low,
            max=self.high,
            rel_l2=math.sqrt(self.error_squares / self.reference_squares)
            if compared
            else None,
            cosine_distance=self._cosine_distance(norms) if compared else None,
        )

    def _cosine_distance(self, norms: float) -> float:
        """1 - cos = (|m - r|^2 - (|m| - |r|)^2) / (2 |m| |r|) keeps the small digits."""
        gap = math.sqrt(self.squares) - math.sqrt(self.reference_squares)
        return max(self.error_squares - gap**2, 0.0) / (2 * norms)


def mel_windows(samples: np.ndarray, n_mels: int) -> Iterator[Tensor]:
    """The spectrogram of each 30 s, as openai's ``transcribe`` cuts: (n_mels, 3000)."""
    mel = log_mel_spectrogram(samples, n_mels, padding=N_SAMPLES)
    for start in range(0, mel.shape[-1] - N_FRAMES, N_FRAMES):
        end = min(start + N_FRAMES, mel.shape[-1] - N_FRAMES)
        yield torch.as_tensor(pad_or_trim(mel[:, start:end], N_FRAMES))


@torch.no_grad()
def compare_features(backends: list[Backend], samples: np.ndarray) -> Iterator[Features]:
    """Every backend's features beside those of the first one."""
    sums = [Sums() for _ in backends]
    windows = 0
    for mel in mel_windows(samples, backends[0].model.dims.n_mels):
        windows += 1
        values = [_features(backend, mel) for backend in backends]
        for each, value in zip(sums, values, strict=True):
            each.add(value, values[0])
    for number, (backend, each) in enumerate(zip(backends, sums, strict=True)):
        yield each.features(backend.ready.backend, windows, is_reference=number == 0)


def _features(backend: Backend, mel: Tensor) -> Tensor:
    dtype = torch.float16 if backend.half else torch.float32
    x = mel[None].to(backend.model.device, dtype)
    return backend.model.encoder(x).float().cpu()
