"""Whisper as openai has it, and as a port: audio, checkpoints, weights, sizes, devices."""
