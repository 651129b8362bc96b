"""What may have been done instead of what PyTorch does: the folder to add a mistake to."""
