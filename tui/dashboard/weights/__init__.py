"""Every weight of the port beside PyTorch's."""
