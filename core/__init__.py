"""Whisper, twice: openai's encoder in PyTorch and its port to MAX."""
