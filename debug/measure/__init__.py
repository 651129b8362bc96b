"""Error, floor and ratio: how far a value is from the one it should be."""
