"""PyTorch's side: run, hooked, and recorded step by step. Knows no candidate."""
