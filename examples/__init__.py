"""Small ports to MAX beside their PyTorch twins, each run by a test."""
