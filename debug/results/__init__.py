"""What a screen or a command holds of a run: pure Python, no tensors."""
