"""Whisper, twice: openai's encoder in PyTorch and its port to MAX."""

from core.numba_later import load_numba_later

load_numba_later()
