"""A layer's own code, operation by operation, on both sides."""
