"""Bugs to find: what ``maxwhisper practice`` plants in a copy of the encoder."""
