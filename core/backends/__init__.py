"""Whisper put to work: in PyTorch, on the GPU, and with its encoder on MAX."""
